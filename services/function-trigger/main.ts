import { type BusSettings, connectEventBus, type EventBus } from "@polytape/event-bus";
import {
  createLog,
  errorFacts,
  type Log,
  natsConnection,
  readEnvironment,
  readSettings,
} from "@polytape/function-runtime";
import { functionTriggerSettings } from "./settings.ts";
import { runFunctionTrigger } from "./src/function-trigger.ts";

/** One attempt; short, so that a signal is heeded soon while there is no server. */
const CONNECT_WITHIN_MS = 1_000;

/** The program: settings, the bus, and the signals that end it. */
async function main(): Promise<void> {
  const log = createLog("function-trigger");
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(signal));
  stop.signal.addEventListener("abort", () => log.info("draining", { signal: stop.signal.reason }));
  try {
    const settings = readSettings(functionTriggerSettings, readEnvironment());
    const bus = await connectPatiently(
      {
        ...natsConnection(settings),
        clientName: "function-trigger",
        connectWithinMs: CONNECT_WITHIN_MS,
      },
      log,
      stop.signal,
    );
    if (bus === null) return process.exit(0);
    log.info("ready", { nats: settings.NATS_URL, gateway: settings.OPENFAAS_URL });
    const { drained } = await runFunctionTrigger({ settings, bus, log, now: Date.now, stop: stop.signal });
    log.info("ended", { drained });
    if (drained) await bus.close();
    process.exit(0);
  } catch (error) {
    log.error("failed", errorFacts(error));
    process.exit(1);
  }
}

/** Waits for the server for ever and says so once; null when stopped meanwhile. */
async function connectPatiently(
  settings: BusSettings,
  log: Log,
  stop: AbortSignal,
): Promise<EventBus | null> {
  for (let said = false; !stop.aborted; said = true) {
    try {
      return await connectEventBus(settings);
    } catch (error) {
      if (!said) log.warn("waiting for NATS", errorFacts(error));
    }
  }
  return null;
}

void main();

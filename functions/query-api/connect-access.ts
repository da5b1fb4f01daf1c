import type { AccessGate } from "@polytape/api-access";
import type { EventBus } from "@polytape/event-bus";
import { errorFacts, type Log } from "@polytape/function-runtime";

const RETRY_AFTER_MS = 1_000;
const FLUSH_EVERY_MS = 1_000;

/**
 * Reads keys and usage as soon as the bus is there, follows the keys, and writes usage every second; all in
 * the background, so that the function starts and says what is away before any server is up.
 */
export function connectAccess(
  gate: AccessGate,
  connect: () => Promise<EventBus>,
  log: Log,
): { isConnected(): boolean } {
  let bus: EventBus | null = null;

  async function start(): Promise<void> {
    bus ??= await connect();
    const usage = await bus.bucket("api_usage");
    const keys = await bus.bucket("api_keys");
    await gate.usage.load(usage);
    await gate.keys.follow(keys);
    log.info("keys-read");
    keepFlushing(() => gate.usage.flush(usage), log);
  }

  void (async () => {
    for (;;) {
      try {
        return await start();
      } catch (error) {
        log.warn("keys-not-read", errorFacts(error));
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS).unref());
      }
    }
  })();
  return { isConnected: () => bus?.isConnected() ?? false };
}

/** One flush at a time; trouble is told once until it is over, and what was counted waits. */
function keepFlushing(flush: () => Promise<void>, log: Log): void {
  let inTrouble = false;
  const next = (): void => {
    setTimeout(async () => {
      try {
        await flush();
        if (inTrouble) log.info("usage-written-again");
        inTrouble = false;
      } catch (error) {
        if (!inTrouble) log.warn("usage-not-written", errorFacts(error));
        inTrouble = true;
      }
      next();
    }, FLUSH_EVERY_MS).unref();
  };
  next();
}

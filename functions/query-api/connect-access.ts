import type { AccessGate } from "@polytape/api-access";
import type { EventBus } from "@polytape/event-bus";
import { errorFacts, type Log } from "@polytape/function-runtime";

const RETRY_AFTER_MS = 1_000;
const FLUSH_EVERY_MS = 1_000;

export interface AccessConnection {
  isConnected(): boolean;
  /** Of the server that is connected; null while none is. */
  serverVersion(): string | null;
  /** Writes at once what was counted, as far as the bus is there: an end may be near. */
  flushNow(): Promise<void>;
  /** Writes what is left, then no more, and leaves the bus. */
  close(): Promise<void>;
}

interface State {
  bus: EventBus | null;
  /** Null until keys and usage are read. */
  flush: (() => Promise<void>) | null;
  closed: boolean;
}

/**
 * Reads keys and usage as soon as the bus is there, follows the keys, and writes usage every second; all in
 * the background, so that the function starts and says what is away before any server is up. Why keys are not
 * read is told once, and again when it becomes another reason.
 */
export function connectAccess(
  gate: AccessGate,
  connect: () => Promise<EventBus>,
  log: Log,
): AccessConnection {
  const state: State = { bus: null, flush: null, closed: false };

  async function start(): Promise<void> {
    state.bus ??= await connect();
    const usage = await state.bus.bucket("api_usage");
    const keys = await state.bus.bucket("api_keys");
    await gate.usage.load(usage);
    await gate.keys.follow(keys);
    log.info("keys-read");
    state.flush = () => gate.usage.flush(usage);
    void keepFlushing(state.flush, state, log);
  }

  async function flushNow(): Promise<void> {
    if (!state.bus?.isConnected()) return;
    await state.flush?.().catch((error: unknown) => log.warn("usage-not-written", errorFacts(error)));
  }

  void (async () => {
    for (let said = ""; !state.closed; ) {
      try {
        return await start();
      } catch (error) {
        if (String(error) !== said) log.warn("keys-not-read", errorFacts(error));
        said = String(error);
        await pause(RETRY_AFTER_MS);
      }
    }
  })();
  return {
    isConnected: () => state.bus?.isConnected() ?? false,
    serverVersion: () => state.bus?.serverVersion() ?? null,
    flushNow,
    async close() {
      state.closed = true;
      await flushNow();
      await state.bus?.close();
    },
  };
}

/** One flush at a time; trouble is told once until it is over, and what was counted waits. */
async function keepFlushing(
  flush: () => Promise<void>,
  state: Pick<State, "closed">,
  log: Log,
): Promise<void> {
  let inTrouble = false;
  for (;;) {
    await pause(FLUSH_EVERY_MS);
    if (state.closed) return;
    try {
      await flush();
      if (inTrouble) log.info("usage-written-again");
      inTrouble = false;
    } catch (error) {
      if (!inTrouble) log.warn("usage-not-written", errorFacts(error));
      inTrouble = true;
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

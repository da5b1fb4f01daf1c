import type { Consumer, JetStreamClient, JsMsg } from "@nats-io/jetstream";
import { toBusError } from "./bus-errors.ts";
import { toBusMessage } from "./bus-message.ts";
import { ensureConsumer } from "./ensure-consumer.ts";
import type { BusMessage, ConsumerQuery, Consumption } from "./event-bus.ts";

/** How long one request to the server waits for a message. */
const WAIT_MS = 5_000;
/** How long the rest of a batch may take that the server said is there. */
const REST_WAIT_MS = 1_000;
const TROUBLE_PAUSE_MS = 1_000;

type Messages = Awaited<ReturnType<Consumer["fetch"]>>;

/** The pull loops behind `EventBus.consume`: one per call that may run at once. */
export async function startConsuming(
  stream: JetStreamClient,
  query: ConsumerQuery,
  onMessages: (messages: readonly BusMessage[]) => Promise<void>,
): Promise<Consumption> {
  let consumer = await ensureConsumer(stream, query);
  let stopping = false;
  const open = new Set<Messages>();
  const stopped = new AbortController();

  async function fetchUpTo(count: number, waitMs: number): Promise<JsMsg[]> {
    const messages = await consumer.fetch({ max_messages: count, expires: waitMs });
    open.add(messages);
    if (stopping) messages.stop();
    const taken: JsMsg[] = [];
    try {
      for await (const message of messages) taken.push(message);
    } finally {
      open.delete(messages);
    }
    return taken;
  }

  async function take(): Promise<JsMsg[]> {
    const [first] = await fetchUpTo(1, WAIT_MS);
    if (first === undefined) return [];
    const waiting = Math.min(first.info.pending, query.batchMax - 1);
    // What was taken already is handled even when the rest cannot be had.
    const rest = waiting > 0 && !stopping ? await fetchUpTo(waiting, REST_WAIT_MS).catch(() => []) : [];
    return [first, ...rest];
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      try {
        const taken = await take();
        if (stopping) for (const message of taken) message.nak();
        else if (taken.length > 0) await onMessages(taken.map(toBusMessage));
      } catch (error) {
        if (stopping) return;
        query.onTrouble?.(toBusError(error, `taking messages for ${query.name}`));
        await pause(TROUBLE_PAUSE_MS, stopped.signal);
        consumer = await ensureConsumer(stream, query).catch(() => consumer);
      }
    }
  }

  const loops = Array.from({ length: query.concurrencyMax }, loop);
  return {
    waiting: async () => {
      try {
        return (await consumer.info()).num_pending;
      } catch (error) {
        throw toBusError(error, `counting what waits for ${query.name}`);
      }
    },
    drain: async () => {
      stopping = true;
      stopped.abort();
      for (const messages of open) messages.stop();
      await Promise.all(loops);
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { openBucket, toKeyValueBucket } from "./bucket.ts";
import { toBusError } from "./bus-errors.ts";
import { connectToNats, trackConnected } from "./connection.ts";
import { startConsuming } from "./consume.ts";
import {
  listDeadLetters,
  publishDeadLetter,
  readDeadLetters,
  removeDeadLetter,
  replayDeadLetter,
} from "./dead-letters.ts";
import type { BusSettings, EventBus } from "./event-bus.ts";
import { inspectBus } from "./inspect.ts";
import { publishJson } from "./publish.ts";
import { cutIntoMessages, tradesStoredSubject } from "./trades-stored.ts";

/**
 * Connects to NATS. Throws `bus_unavailable` when the first connection is not made within
 * `connectWithinMs`; from then on it reconnects by itself, for ever.
 */
export async function connectEventBus(settings: BusSettings): Promise<EventBus> {
  return eventBusOn(await connectToNats(settings));
}

function eventBusOn(connection: NatsConnection): EventBus {
  const client = jetstream(connection);
  const isConnected = trackConnected(connection);
  return {
    publishTradesStored: async (rowSet, windows, age = "live") => {
      const messages = cutIntoMessages(windows);
      // Each with an id of its own: the same minutes are said again whenever they get another trade.
      for (const message of messages) await publishJson(client, tradesStoredSubject(rowSet, age), message);
      return { messages: messages.length };
    },
    publish: (subject, data, options) => publishJson(client, subject, data, options?.messageId),
    consume: (query, onMessages) => startConsuming(client, query, onMessages),
    publishDeadLetter: (letter) => publishDeadLetter(client, letter),
    listDeadLetters: (query) => listDeadLetters(client, query),
    readDeadLetters: (query) => readDeadLetters(client, query),
    replayDeadLetter: (letter) => replayDeadLetter(client, letter),
    removeDeadLetter: (letter) => removeDeadLetter(client, letter),
    bucket: async (name) => {
      try {
        return toKeyValueBucket(connection, name, await openBucket(client, name));
      } catch (error) {
        throw toBusError(error, `opening the bucket ${name}`);
      }
    },
    inspect: () => inspectBus(client),
    isConnected,
    serverVersion: () => (isConnected() ? (connection.info?.version ?? null) : null),
    close: () => closeGently(connection, isConnected),
  };
}

const FLUSH_WITHIN_MS = 1_000;

/** Sends what is still on its way out (answers to messages) before it closes; waits for no absent server. */
async function closeGently(connection: NatsConnection, isConnected: () => boolean): Promise<void> {
  if (isConnected()) {
    const flushed = connection.flush().catch(() => undefined);
    await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, FLUSH_WITHIN_MS).unref())]);
  }
  await connection.close();
}

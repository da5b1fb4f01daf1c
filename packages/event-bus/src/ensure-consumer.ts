import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { toBusError } from "./bus-errors.ts";
import type { ConsumerQuery } from "./event-bus.ts";

/** Messages that may be out, those waiting for their redelivery included. */
const UNANSWERED_MAX = 1_000;
/** A consumer that nobody asked for so long is forgotten by the server. */
const FORGOTTEN_AFTER_MS = 7 * 24 * 3_600_000;

/**
 * Makes the durable consumer, or brings it up to date with the query; its place in the stream stays. It
 * starts at the oldest message kept, has no limit of deliveries (past one a message would stay in the
 * stream, invisible), and allows far more unanswered messages than calls: one that waits for its redelivery
 * must not block the others.
 */
export async function ensureConsumer(stream: JetStreamClient, query: ConsumerQuery): Promise<Consumer> {
  const changeable = {
    filter_subject: query.subject,
    ack_wait: nanos(query.acknowledgeWithinMs),
    max_deliver: -1,
    max_ack_pending: UNANSWERED_MAX,
    inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
  };
  try {
    const manager = await stream.jetstreamManager();
    const streamName = await manager.streams.find(query.subject);
    if (await exists(manager, streamName, query.name)) {
      await manager.consumers.update(streamName, query.name, changeable);
    } else {
      await manager.consumers.add(streamName, {
        durable_name: query.name,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        ...changeable,
      });
    }
    return await stream.consumers.get(streamName, query.name);
  } catch (error) {
    throw toBusError(error, `making the consumer ${query.name} for ${query.subject}`);
  }
}

async function exists(manager: JetStreamManager, streamName: string, name: string): Promise<boolean> {
  try {
    await manager.consumers.info(streamName, name);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound) return false;
    throw error;
  }
}

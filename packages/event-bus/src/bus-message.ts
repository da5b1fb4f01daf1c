import type { JsMsg } from "@nats-io/jetstream";
import { toBusError } from "./bus-errors.ts";
import type { BusMessage } from "./event-bus.ts";

const ACKNOWLEDGED_WITHIN_MS = 5_000;

/** A JetStream message as the rest of the repository knows it. */
export function toBusMessage(message: JsMsg): BusMessage {
  return {
    subject: message.subject,
    streamSequence: message.seq,
    deliveries: message.info.deliveryCount,
    data: message.data,
    publishedAtMs: message.time.getTime(),
    acknowledge: async () => {
      try {
        await message.ackAck({ timeout: ACKNOWLEDGED_WITHIN_MS });
      } catch (error) {
        throw toBusError(error, `acknowledging message ${message.seq} of ${message.subject}`);
      }
    },
    retryAfter: (delayMs) => message.nak(delayMs),
    extend: () => message.working(),
    terminate: (reason) => message.term(reason),
  };
}

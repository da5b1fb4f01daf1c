import type { JetStreamClient } from "@nats-io/jetstream";
import { nuid } from "@nats-io/transport-node";
import { PolytapeError } from "@polytape/market-model";
import { isWithoutStream, toBusError } from "./bus-errors.ts";

/** The largest message taken, bytes; the server's own limit is 1 MiB with headers. */
export const MESSAGE_BYTES_MAX = 768 * 1024;
const TRIES_MAX = 3;
const ACKNOWLEDGED_WITHIN_MS = 2_000;
const FIRST_PAUSE_MS = 100;

/**
 * Publishes JSON and returns after the stream has acknowledged it. Tried again when no answer came; every
 * try carries the same message id, so that a lost acknowledgement does not make two messages of one.
 */
export function publishJson(
  stream: JetStreamClient,
  subject: string,
  data: unknown,
  messageId?: string,
): Promise<void> {
  return publishText(stream, subject, JSON.stringify(data), messageId);
}

/** The same for a text that is to be sent as it is. */
export async function publishText(
  stream: JetStreamClient,
  subject: string,
  text: string,
  messageId: string = nuid.next(),
): Promise<void> {
  const bytes = Buffer.byteLength(text);
  if (bytes > MESSAGE_BYTES_MAX) {
    throw new PolytapeError("operating", "bus_refused", `A message of ${bytes} bytes is too large.`, {
      facts: { subject, bytes, bytes_max: MESSAGE_BYTES_MAX },
    });
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      await stream.publish(subject, text, { msgID: messageId, timeout: ACKNOWLEDGED_WITHIN_MS });
      return;
    } catch (cause) {
      const error = toBusError(cause, `publishing on ${subject}`);
      // "No stream" is also what a server says that has just started and still reads its streams.
      const passing = error.code === "bus_unavailable" || isWithoutStream(cause);
      if (!passing || attempt === TRIES_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** attempt));
    }
  }
}

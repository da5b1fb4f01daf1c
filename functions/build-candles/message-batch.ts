import { type TradesStoredMessage, tradesStoredMessage } from "@polytape/event-bus";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";

/** Messages that are delivered in one call, at most. */
const BATCH_MAX = 256;

/** A call with one message. */
export const oneMessage = tradesStoredMessage.transform((message): unknown[] => [message]);

/** A call with a batch of messages, each of which is judged for itself. */
export const messageList = z.array(z.unknown()).min(1).max(BATCH_MAX);

export interface ReadBatch {
  readonly messages: readonly TradesStoredMessage[];
  /** Why the others were refused. */
  readonly refusals: readonly string[];
}

/** A bad message does not take the good ones of its batch with it. */
export function readBatch(batch: readonly unknown[]): ReadBatch {
  const read = batch.map((each) => tradesStoredMessage.safeParse(each));
  return {
    messages: read.flatMap((outcome) => (outcome.success ? [outcome.data] : [])),
    refusals: read.flatMap((outcome) => (outcome.success ? [] : [z.prettifyError(outcome.error)])),
  };
}

/** Thrown after the good messages are done, so that the bad ones are kept where an operator finds them. */
export function messagesRefused(
  refusals: readonly string[],
  facts: Readonly<Record<string, unknown>>,
): PolytapeError {
  return new PolytapeError(
    "input",
    "messages_refused",
    `${refusals.length} messages are not of the known shape: ${refusals[0]}`,
    { facts: { ...facts, refused: refusals.length } },
  );
}

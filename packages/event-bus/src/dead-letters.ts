import { JetStreamApiError, type JetStreamClient, JetStreamError } from "@nats-io/jetstream";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { toBusError } from "./bus-errors.ts";
import type { DeadLetter, HeldDeadLetter } from "./event-bus.ts";
import { publishJson, publishText } from "./publish.ts";

export const DEAD_LETTERS_STREAM = "DEAD_LETTERS";

/** Letters read at once: one is 768 KiB at most. */
const PAGE_LETTERS_MAX = 100;
/** The server's ways of saying that a message is not there: no message found, sequence not found, deletion failed. */
const MESSAGE_GONE = new Set([10037, 10043, 10057]);

const deadLetterMessage = z.object({
  id: z.string().min(1),
  functionName: z.string().min(1),
  subject: z.string(),
  data: z.string(),
  deliveries: z.number().int().nonnegative(),
  status: z.number().int().nullable(),
  reason: z.string(),
  diedAtMs: z.number().int(),
});

/** On `dead.<function>`; the letter's id is the message id, so a repeat within the stream's window is one. */
export function publishDeadLetter(stream: JetStreamClient, letter: DeadLetter): Promise<void> {
  return publishJson(stream, `dead.${letter.functionName}`, letter, `dead:${letter.id}`);
}

/** Oldest first. What does not read as a dead letter (somebody else's message) is left out. */
export async function listDeadLetters(
  stream: JetStreamClient,
  query: { functionName?: string; limit: number },
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const { sequence: _, ...letter } of readDeadLetters(stream, query)) {
    letters.push(letter);
    if (letters.length >= query.limit) break;
  }
  return letters;
}

/** See `EventBus.readDeadLetters`. */
export async function* readDeadLetters(
  stream: JetStreamClient,
  query: { functionName?: string },
): AsyncGenerator<HeldDeadLetter> {
  const last = await lastSequence(stream);
  for (let from = 1; from <= last; ) {
    const page = await readPage(stream, from, query.functionName);
    if (page.length === 0) return;
    for (const { sequence, text } of page) {
      if (sequence > last) return;
      from = sequence + 1;
      const outcome = deadLetterMessage.safeParse(parseJson(text));
      if (outcome.success) yield { ...outcome.data, sequence };
    }
  }
}

/** See `EventBus.replayDeadLetter`. */
export async function replayDeadLetter(stream: JetStreamClient, letter: HeldDeadLetter): Promise<void> {
  await requireStreamFor(stream, letter.subject);
  await publishText(stream, letter.subject, letter.data, `replay:${letter.id}:${letter.sequence}`);
  await removeDeadLetter(stream, letter);
}

/** See `EventBus.removeDeadLetter`. */
export async function removeDeadLetter(stream: JetStreamClient, letter: HeldDeadLetter): Promise<boolean> {
  try {
    const manager = await stream.jetstreamManager();
    return await manager.streams.deleteMessage(DEAD_LETTERS_STREAM, letter.sequence, false);
  } catch (error) {
    if (error instanceof JetStreamApiError && MESSAGE_GONE.has(error.code)) return false;
    throw toBusError(error, `removing the dead letter ${letter.id}`);
  }
}

async function lastSequence(stream: JetStreamClient): Promise<number> {
  try {
    return (await (await stream.jetstreamManager()).streams.info(DEAD_LETTERS_STREAM)).state.last_seq;
  } catch (error) {
    throw toBusError(error, "listing dead letters");
  }
}

async function readPage(
  stream: JetStreamClient,
  seq: number,
  functionName = ">",
): Promise<{ sequence: number; text: string }[]> {
  const page: { sequence: number; text: string }[] = [];
  try {
    const manager = await stream.jetstreamManager();
    const found = await manager.direct.getBatch(DEAD_LETTERS_STREAM, {
      seq,
      batch: PAGE_LETTERS_MAX,
      next_by_subj: `dead.${functionName}`,
    });
    for await (const message of found) page.push({ sequence: message.seq, text: message.string() });
  } catch (error) {
    if (!isEmpty(error)) throw toBusError(error, "listing dead letters");
  }
  return page;
}

/** Streams may have been renamed or removed since the letter was written; then nobody would take its message. */
async function requireStreamFor(stream: JetStreamClient, subject: string): Promise<void> {
  const streams = await (async () => {
    try {
      return await (await stream.jetstreamManager()).streams.names(subject).next();
    } catch (error) {
      throw toBusError(error, `looking for the stream of ${subject}`);
    }
  })();
  if (streams.length > 0) return;
  throw new PolytapeError("operating", "bus_refused", `No stream holds the subject ${subject} any more.`, {
    facts: { subject },
  });
}

/** An empty stream answers "message not found" instead of an empty list. */
function isEmpty(error: unknown): boolean {
  return error instanceof JetStreamError && "code" in error && error.code === 404;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

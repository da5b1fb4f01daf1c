import { type JetStreamClient, JetStreamError } from "@nats-io/jetstream";
import { z } from "zod";
import { toBusError } from "./bus-errors.ts";
import type { DeadLetter } from "./event-bus.ts";
import { publishJson } from "./publish.ts";

export const DEAD_LETTERS_STREAM = "DEAD_LETTERS";

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
  try {
    const manager = await stream.jetstreamManager();
    const found = await manager.direct.getBatch(DEAD_LETTERS_STREAM, {
      seq: 1,
      batch: query.limit,
      next_by_subj: `dead.${query.functionName ?? ">"}`,
    });
    for await (const message of found) {
      const outcome = deadLetterMessage.safeParse(parseJson(message.string()));
      if (outcome.success) letters.push(outcome.data);
    }
  } catch (error) {
    if (isEmpty(error)) return letters;
    throw toBusError(error, "listing dead letters");
  }
  return letters;
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

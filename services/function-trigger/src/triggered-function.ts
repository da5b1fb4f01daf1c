import { z } from "zod";

/** Ticks are replaced by the next one and never retried; a task (job or event) is never lost. */
export type DeliveryKind = "tick" | "task";

/** A deployed function that wants messages. */
export interface TriggeredFunction {
  readonly name: string;
  /** Subject it listens to; may hold wildcards. */
  readonly topic: string;
  /** Calls at once. */
  readonly concurrency: number;
  /** Above 1: the body is a JSON array of up to so many messages. */
  readonly batch: number;
}

/** A function whose annotations cannot be followed. */
export interface MisannotatedFunction {
  readonly name: string;
  readonly reason: string;
}

const listing = z.array(
  z.object({
    name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
);

const count = (max: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,3}$/, "must be a whole number from 1")
    .transform(Number)
    .pipe(z.number().max(max))
    .default(1);

const annotations = z.object({
  topic: z.string().regex(/^[\w-]+(\.(\*|[\w-]+))*(\.>)?$/, "must be one NATS subject"),
  concurrency: count(64),
  batch: count(256),
});

/**
 * Reads the gateway's list of functions. Functions without a `topic` want no messages; one with bad
 * annotations is named and does not disturb the others.
 */
export function readTriggeredFunctions(body: unknown): {
  triggered: TriggeredFunction[];
  misannotated: MisannotatedFunction[];
} {
  const triggered: TriggeredFunction[] = [];
  const misannotated: MisannotatedFunction[] = [];
  for (const { name, annotations: given } of listing.parse(body)) {
    if (given?.["topic"] === undefined) continue;
    const outcome = annotations.safeParse(given);
    if (outcome.success) triggered.push({ name, ...outcome.data });
    else misannotated.push({ name, reason: z.prettifyError(outcome.error) });
  }
  return { triggered, misannotated };
}

export function deliveryKind({ topic }: Pick<TriggeredFunction, "topic">): DeliveryKind {
  return topic.startsWith("tick.") ? "tick" : "task";
}

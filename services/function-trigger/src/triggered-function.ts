import { z } from "zod";

/** Ticks are replaced by the next one and never retried; a task (job or event) is never lost. */
export type DeliveryKind = "tick" | "task";

/** A deployed function that wants messages. */
export interface TriggeredFunction {
  readonly name: string;
  /** Subjects it listens to, each once; they may hold wildcards. */
  readonly topics: readonly string[];
  /** Calls at once, over all topics. */
  readonly concurrency: number;
  /** Above 1: the body is a JSON array of up to so many messages. */
  readonly batch: number;
  /** How often its tick fires by its `schedule` annotation; null: it says nothing of that. */
  readonly everyMs: number | null;
}

/** One topic of a function, which is fed from a consumer of its own. */
export interface FunctionTopic extends Pick<TriggeredFunction, "name" | "batch"> {
  readonly topic: string;
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

/** Of one function. */
const TOPICS_MAX = 8;

const annotations = z.object({
  topic: z
    .string()
    .transform((list) => [...new Set(list.split(",").map((topic) => topic.trim()))])
    .pipe(
      z.array(z.string().regex(/^[\w-]+(\.(\*|[\w-]+))*(\.>)?$/, "must be NATS subjects")).max(TOPICS_MAX),
    ),
  concurrency: count(64),
  batch: count(256),
  // Only counted by: a fault in it must not keep a function from its messages.
  schedule: z
    .string()
    .regex(/^[1-9]\d{0,9}ms$/)
    .transform((text) => Number.parseInt(text, 10))
    .nullable()
    .catch(null),
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
    if (outcome.success) {
      const { topic: topics, schedule: everyMs, ...counts } = outcome.data;
      triggered.push({ name, topics, ...counts, everyMs });
    } else misannotated.push({ name, reason: z.prettifyError(outcome.error) });
  }
  return { triggered, misannotated };
}

/**
 * The durable consumer of a topic. A function's only topic has its name; of several each has a name of its own,
 * as two consumers of one stream must, and keeps it whatever the others are.
 */
export function consumerName({ name, topics }: TriggeredFunction, topic: string): string {
  if (topics.length === 1) return name;
  return `${name}_${topic.replaceAll(".", "_").replaceAll("*", "any").replaceAll(">", "all")}`;
}

export function deliveryKind({ topic }: Pick<FunctionTopic, "topic">): DeliveryKind {
  return topic.startsWith("tick.") ? "tick" : "task";
}

import { z } from "zod";

/** What a process of its own is told to ask, and how. */
export const loadOrder = z.object({
  requests: z
    .array(
      z.object({
        url: z.string(),
        method: z.enum(["GET", "POST"]),
        headers: z.record(z.string(), z.string()),
        body: z.string().optional(),
      }),
    )
    .min(1)
    .max(1_000),
  clients: z.int().min(1).max(256),
  forMs: z.int().min(1).max(60_000),
  /** 0: each client asks again as soon as it is answered; else at most once in so many milliseconds. */
  everyMs: z.int().min(0).max(60_000),
  /** true: each client asks its own request for ever; false: all clients ask all of them in turn. */
  eachItsOwn: z.boolean(),
});
export type LoadOrder = z.output<typeof loadOrder>;
export type LoadRequest = LoadOrder["requests"][number];

/** What came of it. */
export const loadReport = z.object({
  answers: z.int().positive(),
  perSecond: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  /** Answers that were neither 200 nor 429, or did not come (status 0). */
  failed: z.int(),
  /** How many of them had which status. */
  failures: z.record(z.string(), z.int()),
  /** Answers of status 429. */
  refused: z.int(),
});
export type LoadReport = z.output<typeof loadReport>;

/** What the process says: once that it is ready, then one report for each order, or why there is none. */
export const workerMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("report"), report: loadReport }),
  z.object({ kind: z.literal("trouble"), reason: z.string() }),
]);
export type WorkerMessage = z.output<typeof workerMessage>;

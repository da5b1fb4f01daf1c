import { z } from "zod";
import { storeRefused, storeUnavailable } from "../store-errors.ts";

const storedDocument = z.object({
  _id: z.string().optional(),
  _source: z.unknown().optional(),
  _seq_no: z.number().optional(),
  _primary_term: z.number().optional(),
});

/** A search's hits; the sources are read by the family's own schema. */
export const searchAnswer = z.object({
  hits: z
    .object({
      hits: z
        .array(storedDocument)
        // Trimmed away by `filter_path` when there are none.
        .default([]),
    })
    .default({ hits: [] }),
});

/** One document read in real time. */
export const getAnswer = storedDocument.extend({ found: z.boolean().default(false) });

const multiGetAnswer = z.object({
  docs: z.array(getAnswer.extend({ error: z.object({ type: z.string() }).optional() })),
});

/** What of the answer to a read of many documents is wanted. */
export const MULTI_GET_PATHS = ["found", "_id", "_seq_no", "_primary_term", "_source", "error.type"]
  .map((path) => `docs.${path}`)
  .join(",");

/**
 * The documents that were found. An index that does not exist yet holds none; a document that could not be
 * looked for is no absent one, and throws `store_unavailable`.
 */
export function foundDocuments(body: unknown, what: string): z.output<typeof getAnswer>[] {
  const { docs } = readAnswer(multiGetAnswer, body, what);
  const failed = docs.find(({ error }) => error !== undefined && error.type !== "index_not_found_exception");
  if (failed) throw storeUnavailable(new Error(`${failed.error?.type} for ${failed._id}`), { what });
  return docs.filter(({ found }) => found);
}

/**
 * A date as it comes back: as it was written, or as text where the source is derived from doc values; as a date
 * in words in indices of the first version, which had no format for it.
 */
export const storedMoment = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
  z.iso.datetime().transform((text) => Date.parse(text)),
]);

/** Reads an answer or a document; one that does not fit was written by something else than this version. */
export function readAnswer<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  throw storeRefused(`to be understood: ${what}`, { reason: z.prettifyError(outcome.error).slice(0, 500) });
}

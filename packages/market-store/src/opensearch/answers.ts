import { z } from "zod";
import { storeRefused } from "../store-errors.ts";

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

export const multiGetAnswer = z.object({ docs: z.array(getAnswer) });

/** A date as it comes back: as it was written, or as text where the source is derived from doc values. */
export const storedMoment = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
]);

/** Reads an answer or a document; one that does not fit was written by something else than this version. */
export function readAnswer<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  throw storeRefused(`to be understood: ${what}`, { reason: z.prettifyError(outcome.error).slice(0, 500) });
}

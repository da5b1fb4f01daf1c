import { z } from "zod";

/** How a list can be written, by its name in `format=`. */
export const ANSWER_FORMATS = {
  json: "application/json",
  csv: "text/csv",
  ndjson: "application/x-ndjson",
} as const;

export type AnswerFormat = keyof typeof ANSWER_FORMATS;

const NAMES = ["json", "csv", "ndjson"] as const satisfies readonly AnswerFormat[];

/** A parameter of every list: it changes how the answer is written, never what is in it. */
export const formatParameter = z
  .enum(NAMES, `must be one of ${NAMES.join(", ")}`)
  .optional()
  .meta({
    description:
      "How rows are written; wins over `Accept` (application/json, text/csv, application/x-ndjson). csv and ndjson hold only rows: all else is in the headers X-Answer, X-Coverage-Complete, X-Truncated-By and Link.",
  });

/** The format of a media type that was agreed upon. */
export function formatOfType(mediaType: string): AnswerFormat {
  return NAMES.find((name) => ANSWER_FORMATS[name] === mediaType) ?? "json";
}

import { type EpochMs, keptFrom, toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import { refusal } from "../http/api-error.ts";
import { moment } from "../http/parameters.ts";

/** The fields that say where an answer ends and why. */
export const keptFields = {
  truncated_by: z.enum(["retention", "limit"]).nullable().meta({
    description:
      "Why the answer covers less than the question: `retention`: it asks for days that are no longer kept; `limit`: a bound on the size of answers. null: nothing was cut.",
  }),
  retention_from: moment
    .nullable()
    .meta({ description: "The first moment that is kept; null: everything is." }),
};

/** How a question stands to what is kept: it reaches past it with its start, or lies there altogether. */
export function keptAnswer(
  query: { from?: EpochMs | undefined; to?: EpochMs | undefined },
  retentionDays: number,
  nowMs: EpochMs,
): { truncated_by: "retention" | null; retention_from: string | null } {
  const keptFromMs = keptFrom(retentionDays, nowMs);
  const past =
    keptFromMs !== null && ((query.from ?? keptFromMs) < keptFromMs || (query.to ?? nowMs) <= keptFromMs);
  return {
    truncated_by: past ? "retention" : null,
    retention_from: keptFromMs === null ? null : toRfc3339(keptFromMs),
  };
}

/** Throws `invalid_parameter` unless from lies before to. */
export function requireOrder(query: { from?: EpochMs | undefined; to?: EpochMs | undefined }): void {
  if (query.from === undefined || query.to === undefined || query.from < query.to) return;
  throw refusal("invalid_parameter", "from must lie before to: from is included, to excluded.");
}

import { type CoverageStretch, toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import { moment } from "../http/parameters.ts";

/** How many gaps an answer names; `gaps_total` counts all. */
const GAPS_MAX = 100;

export const coverageBlock = z
  .object({
    complete: z.boolean().nullable().meta({
      description:
        "true: everything of [from, to) is here. false: it is known that something is missing or may still come. null: not known.",
    }),
    from: moment.nullable().meta({ description: "Start of what this speaks about; null: all that is kept." }),
    to: moment.nullable().meta({ description: "End, excluded: never later than what was searchable." }),
    gaps_total: z
      .int()
      .nonnegative()
      .meta({
        description: `How many gaps there are: more than ${GAPS_MAX} are counted, not named. A shorter range names them; \`/v1/coverage\` lists what the ledger knows, not what only this answer does (\`candles_pending\`, \`stored_after_as_of\`).`,
      }),
    gaps: z
      .array(
        z.object({
          from: moment.nullable(),
          to: moment,
          state: z.enum(["partial", "missing", "unknown"]),
          cause: z.string().nullable().meta({
            description:
              "Of the ledger (`row_rejected`: a row of this time was refused as it came, all others are here); in candles also `candles_pending`: trades are stored, and their candle is not built (anew) yet; in trades `stored_after_as_of`: rows stored, or shown by a busy store, since the first page was read are in none of its pages.",
          }),
        }),
      )
      .max(GAPS_MAX)
      .meta({ description: `Stretches that are not proven complete, oldest first; the newest ${GAPS_MAX}.` }),
  })
  .meta({ id: "Coverage", description: "What is known about the completeness of the answer." });

export type CoverageBlock = z.output<typeof coverageBlock>;

/** The block of an answer about a stretch of time; `openStart` when the question named no start. */
export function coverageBlockOf(
  timeline: readonly CoverageStretch[],
  range: { fromMs: number; toMs: number; openStart: boolean },
): CoverageBlock {
  const printFrom = (ms: number) => (range.openStart && ms === range.fromMs ? null : toRfc3339(ms));
  const gaps = timeline.flatMap(({ fromMs, toMs, state, cause }) =>
    state === "complete" ? [] : [{ from: printFrom(fromMs), to: toRfc3339(toMs), state, cause }],
  );
  return {
    complete: completeness(timeline),
    from: printFrom(range.fromMs),
    to: toRfc3339(range.toMs),
    gaps_total: gaps.length,
    gaps: gaps.slice(-GAPS_MAX),
  };
}

/** True or false only when the ledger says so; an empty stretch proves nothing. */
export function completeness(timeline: readonly CoverageStretch[]): boolean | null {
  if (timeline.some(({ state }) => state === "missing" || state === "partial")) return false;
  if (timeline.length === 0 || timeline.some(({ state }) => state === "unknown")) return null;
  return true;
}

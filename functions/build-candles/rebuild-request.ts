import { HOUR_MS, windowStart } from "@polytape/market-model";
import { z } from "zod";

/** A moment as a person writes it; a day alone is its start, UTC. */
const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: "must be a day or a time like 2026-11-21T00:00:00Z",
  })
  .transform((text) => Date.parse(text));

/** The body that asks for a rebuild. */
export const rebuildRequest = z.strictObject({
  rebuild: z
    .strictObject({
      /** Event time, from included, to excluded. */
      from: moment,
      to: moment,
      market_id: z
        .string()
        .regex(/^0x[0-9a-f]{64}$/, "must be a condition id")
        .optional(),
    })
    .refine(({ from, to }) => from < to, "`from` must lie before `to`"),
});
export type RebuildRequest = z.output<typeof rebuildRequest>["rebuild"];

/** What is rebuilt: whole hours, because the longest candle is one. */
export interface RebuildRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly marketId?: string | undefined;
}

export function rangeOf({ from, to, market_id }: RebuildRequest): RebuildRange {
  return {
    fromMs: windowStart(from, HOUR_MS),
    toMs: windowStart(to + HOUR_MS - 1, HOUR_MS),
    marketId: market_id,
  };
}

/** One per range that was ever asked for, so that the same request goes on where it stopped. */
export function checkpointName({ fromMs, toMs, marketId }: RebuildRange): string {
  return `candles:rebuild:${fromMs}:${toMs}:${marketId ?? "all"}`;
}

import {
  CANDLE_INTERVAL_MS,
  CANDLE_INTERVALS,
  type CandleInterval,
  type EpochMs,
  keptFrom,
  toRfc3339,
  windowStart,
} from "@polytape/market-model";
import { z } from "zod";
import { chooseOutcome, findSubject, requireOnTape } from "../../catalogue/choose-outcome.ts";
import { completeness, coverageBlock, coverageBlockOf } from "../../completeness/coverage-block.ts";
import { keptAnswer, keptFields, requireOrder } from "../../completeness/kept-range.ts";
import { formatParameter } from "../../http/answer-format.ts";
import { refusal } from "../../http/api-error.ts";
import { REFRESH_LAG_MS } from "../../http/page-cursor.ts";
import {
  fromParameter,
  LAST_MOMENT_MS,
  marketIdParameter,
  moment,
  outcomeParameter,
  toParameter,
} from "../../http/parameters.ts";
import { type ApiParts, defineRoute } from "../../http/route.ts";
import { candleAnswer } from "./candle-answer.ts";
import { fillSeries, type Windows } from "./fill-series.ts";
import { pendingWindows, withPendingWindows } from "./pending-windows.ts";

/** Candles of one answer: 1m over three days and a half. */
export const CANDLES_MAX = 5_000;
const CANDLES_DEFAULT = 100;

const query = z.strictObject({
  market_id: marketIdParameter,
  outcome: outcomeParameter,
  interval: z
    .enum(CANDLE_INTERVALS, `must be one of ${CANDLE_INTERVALS.join(", ")}`)
    .meta({ description: "Length of a window." }),
  from: fromParameter,
  to: toParameter,
  format: formatParameter,
});

/** Candles of one outcome. */
export const getCandles = defineRoute({
  name: "get-candles",
  path: "/v1/candles",
  summary: "Candles",
  description: `Evenly spaced candles of one outcome, oldest first: every window that opens in [from, to) and not in the future. Made of taker trades; within one second the order is by a fixed tie, not by match. to is now unless given, from ${CANDLES_DEFAULT} windows before it. At most ${CANDLES_MAX} candles: when that cuts the answer, truncated_by says so and next_from where to go on. A candle that does not hold every stored trade of its window yet is not final, and coverage names the window with the cause candles_pending.`,
  access: "key",
  parts: z.strictObject({}),
  query,
  answer: z.object({
    market_id: z.string(),
    asset_id: z.string(),
    outcome: z.string().nullable(),
    interval: z.enum(CANDLE_INTERVALS),
    candles: z.array(candleAnswer).max(CANDLES_MAX),
    next_from: moment
      .nullable()
      .meta({ description: "`from` of the rest of the question; null: this is all." }),
    coverage: coverageBlock,
    ...keptFields,
  }),
  refusals: ["unknown_outcome", "market_not_found"],
  freshSeconds: 0,
  list: { field: "candles", row: candleAnswer },
  isSettled: ({ candles, coverage, truncated_by }, { query }) =>
    coverage.complete === true &&
    truncated_by !== "retention" &&
    query.from !== undefined &&
    query.to !== undefined &&
    candles.every(({ final }) => final),
  async handle(api, { query, nowMs }) {
    requireOrder(query);
    requireBuilt(query.interval, api.rules.candleIntervals);
    const subject = await findSubject(api.markets, query.market_id);
    const { assetId, name } = chooseOutcome(subject, query.outcome);
    await requireOnTape(api.store.trades, subject, assetId);
    const { windows, askedFromMs, nextFromMs } = windowsOf(
      query,
      keptFrom(api.rules.retentionDays, nowMs),
      nowMs,
    );
    const toMs = windows.firstMs + windows.count * windows.lengthMs;
    const scope = { stream: "trades" as const, marketId: subject.marketId, assetId };

    const question = { ...scope, interval: query.interval, windows, toMs };

    const [{ candles, pending }, timeline] = await Promise.all([
      readSeries(api, question),
      api.completeness.timeline(scope, windows.firstMs, toMs),
    ]);
    const startsQuiet =
      timeline[0]?.state === "complete" &&
      candles[0]?.openTimeMs !== windows.firstMs &&
      pending[0] !== windows.firstMs;
    const previousClose = startsQuiet ? await provenClose(api, scope, query.interval, windows.firstMs) : null;
    const coveredToMs = Math.max(Math.min(toMs, nowMs - REFRESH_LAG_MS), windows.firstMs);
    const covered = withPendingWindows(
      await api.completeness.timeline(scope, windows.firstMs, coveredToMs),
      pending,
      windows.lengthMs,
    );
    const kept = keptAnswer({ from: askedFromMs, to: query.to }, api.rules.retentionDays, nowMs);
    return {
      market_id: subject.marketId,
      asset_id: assetId,
      outcome: name,
      interval: query.interval,
      candles: fillSeries(windows, candles, timeline, {
        previousClose,
        pending,
        settledBeforeMs: nowMs - api.rules.settleMs,
      }),
      next_from: nextFromMs === null ? null : toRfc3339(nextFromMs),
      coverage: coverageBlockOf(covered, { fromMs: windows.firstMs, toMs: coveredToMs, openStart: false }),
      ...kept,
      truncated_by: nextFromMs === null ? kept.truncated_by : ("limit" as const),
    };
  },
});

function requireBuilt(interval: CandleInterval, built: readonly CandleInterval[]): void {
  if (built.includes(interval)) return;
  throw refusal(
    "invalid_parameter",
    `interval must be one of ${built.join(", ")}: others are not built here.`,
  );
}

/** The windows that open in [from, to), are kept, and have begun. */
export function windowsOf(
  query: { interval: CandleInterval; from?: EpochMs | undefined; to?: EpochMs | undefined },
  keptFromMs: EpochMs | null,
  nowMs: EpochMs,
): { windows: Windows; askedFromMs: EpochMs; nextFromMs: EpochMs | null } {
  const lengthMs = CANDLE_INTERVAL_MS[query.interval];
  const endMs = alignUp(
    Math.min(query.to ?? Number.POSITIVE_INFINITY, windowStart(nowMs, lengthMs) + lengthMs),
    lengthMs,
  );
  const fromMs = query.from ?? endMs - CANDLES_DEFAULT * lengthMs;
  const alignedMs = alignUp(Math.max(fromMs, keptFromMs ?? 0, 0), lengthMs);
  // The next window after the last moment would open in a year that cannot be written.
  const firstMs = Math.min(alignedMs, windowStart(LAST_MOMENT_MS, lengthMs));
  const asked = Math.max(0, (endMs - firstMs) / lengthMs);
  const count = Math.min(asked, CANDLES_MAX);
  return {
    windows: { firstMs, count, lengthMs },
    askedFromMs: fromMs,
    nextFromMs: count < asked ? firstMs + count * lengthMs : null,
  };
}

function alignUp(ms: EpochMs, lengthMs: number): EpochMs {
  return windowStart(ms + lengthMs - 1, lengthMs);
}

interface SeriesScope {
  readonly stream: "trades";
  readonly marketId: string;
  readonly assetId: string;
}

/**
 * The stored candles of the windows, and which windows have trades that are not in them. A candle is made of stored
 * trades only, and those never go away, so none holds more than its window: when all candles together hold as many
 * as there are, each of them holds all of its own. Only else is each window counted, which costs as much as the candles.
 */
async function readSeries(
  api: ApiParts,
  question: SeriesScope & { interval: CandleInterval; windows: Windows; toMs: EpochMs },
) {
  const { marketId, assetId, interval, windows, toMs } = question;
  if (windows.count === 0) return { candles: [], pending: [] };
  const range = { assetId, interval, fromMs: windows.firstMs, toMs };
  const { interval: _, ...trades } = { ...range, marketId, rowSet: "taker" as const };
  const [candles, n] = await Promise.all([
    api.store.candles.findCandles({ ...range, limit: windows.count }),
    api.store.trades.countTrades(trades),
  ]);
  if (n === candles.reduce((sum, candle) => sum + candle.n, 0)) return { candles, pending: [] };
  const tradesPerWindow = await api.store.trades.countPerWindow({ ...range, marketId });
  return { candles, pending: pendingWindows(candles, tradesPerWindow) };
}

/**
 * The last close before a moment, when everything since that candle's start is proven complete and no trade
 * is stored that is not in it.
 */
async function provenClose(
  api: ApiParts,
  scope: SeriesScope,
  interval: CandleInterval,
  beforeMs: EpochMs,
): Promise<number | null> {
  const { marketId, assetId } = scope;
  const last = await api.store.candles.findCandleBefore({ assetId, interval, beforeMs });
  if (!last) return null;
  const range = { fromMs: last.openTimeMs, toMs: beforeMs };
  const [since, { n }] = await Promise.all([
    api.completeness.timeline(scope, range.fromMs, range.toMs),
    api.store.trades.aggregateTrades({ marketId, assetId, rowSet: "taker", ...range }),
  ]);
  return completeness(since) && n === last.n ? last.close : null;
}

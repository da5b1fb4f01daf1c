import { type EpochMs, type StoredTrade, toRfc3339, tradeTsMs } from "@polytape/market-model";
import type { TradeFilter } from "@polytape/market-store";
import { z } from "zod";
import { chooseOutcome, findSubject, requireOnTape, type Subject } from "../../catalogue/choose-outcome.ts";
import { coverageBlock } from "../../completeness/coverage-block.ts";
import { keptAnswer, keptFields, requireOrder } from "../../completeness/kept-range.ts";
import { formatParameter } from "../../http/answer-format.ts";
import { refusal } from "../../http/api-error.ts";
import { nextCursor, type PageStart, type Position, pageStart } from "../../http/page-cursor.ts";
import { pageFields } from "../../http/page-fields.ts";
import {
  cursorParameter,
  fromParameter,
  LAST_MOMENT_MS,
  limitParameter,
  marketIdParameter,
  outcomeParameter,
  PAGE_DEPTH_MAX,
  pageParameter,
  toParameter,
} from "../../http/parameters.ts";
import { type ApiParts, defineRoute } from "../../http/route.ts";
import {
  aggregatesAnswer,
  aggregatesAnswerOf,
  aggregatesParameter,
  requireBoundedSum,
  requireOneOutcome,
} from "./aggregates.ts";
import { readCoverage, type TradesPage } from "./read-coverage.ts";
import { tradeAnswer, tradeAnswerOf } from "./trade-answer.ts";

const query = z.strictObject({
  market_id: marketIdParameter.optional(),
  outcome: outcomeParameter.optional(),
  side: z.enum(["buy", "sell"], "must be buy or sell").optional().meta({ description: "The taker's side." }),
  from: fromParameter,
  to: toParameter,
  sort: z.enum(["ts:asc", "ts:desc"], "must be ts:asc or ts:desc").optional().meta({
    description: "Order by event time; default `ts:desc`. Within a second by a fixed tie, not by match.",
  }),
  row_set: z.enum(["taker", "all"], "must be taker or all").optional().meta({
    description:
      "`taker` (default): one row per taker order and settlement. `all`: maker rows too, where the operator collects them; a fill then counts more than once, so aggregates stay with takers.",
  }),
  page: pageParameter,
  limit: limitParameter,
  cursor: cursorParameter,
  aggregates: aggregatesParameter,
  format: formatParameter,
});
type Query = z.output<typeof query>;

/** Where a trade stands: its event time, and the tie within the second. */
const tradePlace = z.tuple([z.int().min(0).max(LAST_MOMENT_MS), z.int().nonnegative()]);
type TradePlace = z.output<typeof tradePlace>;

/** Trades of one market or of all. */
export const listTrades = defineRoute({
  name: "list-trades",
  path: "/v1/trades",
  summary: "Trades",
  description:
    "Trades of one market or all, newest first unless sorted otherwise: taker rows (one per taker order and settlement) unless `row_set=all`. Volume is in shares, notional is price × size. Equal rows are different trades. The venue never serves fills under 0.01 shares.",
  access: "key",
  parts: z.strictObject({}),
  query,
  answer: z.object({
    data: z.array(tradeAnswer),
    ...pageFields,
    aggregates: aggregatesAnswer.optional(),
    coverage: coverageBlock,
    ...keptFields,
  }),
  refusals: [
    "invalid_cursor",
    "page_too_deep",
    "range_too_wide",
    "amount_too_large",
    "unknown_outcome",
    "market_not_found",
  ],
  freshSeconds: 0,
  list: { field: "data", row: tradeAnswer },
  isSettled: ({ coverage, truncated_by }, { query, nowMs }, { settleMs }) =>
    coverage.complete === true &&
    truncated_by === null &&
    query.from !== undefined &&
    query.to !== undefined &&
    query.to <= nowMs - settleMs,
  async handle(api, { query, nowMs }) {
    requireOrder(query);
    requireOneOutcome(query);
    if (query.aggregates) requireBoundedSum(query, nowMs);
    const question = questionOf(query);
    const start = pageStart(query, question, nowMs, tradePlace);
    const subject = await subjectOf(api, query);
    const filter = filterOf(query, subject, start.asOfMs);

    const page = readPage(api, filter, query, start);
    const [{ trades, more }, sums, coverage] = await Promise.all([
      page,
      query.aggregates ? api.store.trades.aggregateTrades({ ...filter, rowSet: "taker" }) : null,
      readCoverage(api, filter, { nowMs, start, page }),
    ]);
    if (subject && trades.length === 0) await requireOnTape(api.store.trades, subject);

    const markets = subject
      ? new Map([[subject.marketId, subject.market]])
      : await api.markets.findMany(trades.map(({ marketId }) => marketId));
    const last = trades.at(-1);
    return {
      data: trades.map((trade) => tradeAnswerOf(trade, markets.get(trade.marketId))),
      page: start.page,
      limit: start.limit,
      next_cursor: more && last ? nextCursor(start, positionOf(last), trades.length, question) : null,
      as_of: toRfc3339(start.asOfMs),
      ...(query.aggregates && sums ? { aggregates: aggregatesAnswerOf(query.aggregates, sums) } : {}),
      coverage,
      ...keptAnswer(query, api.rules.retentionDays, nowMs),
    };
  },
});

/** What a cursor is bound to: everything that decides which rows there are and in which order. */
function questionOf({ market_id, outcome, side, row_set, from, to, sort }: Query): unknown {
  return ["trades", market_id, outcome, side, row_set, from, to, sort];
}

async function subjectOf(
  api: ApiParts,
  { market_id, outcome }: Query,
): Promise<(Subject & { assetId?: string }) | null> {
  if (market_id === undefined) {
    if (outcome === undefined) return null;
    throw refusal("invalid_parameter", "outcome needs a market_id: it names one of a market's outcomes.");
  }
  const subject = await findSubject(api.markets, market_id);
  return outcome === undefined ? subject : { ...subject, assetId: chooseOutcome(subject, outcome).assetId };
}

function filterOf(
  { side, row_set, from, to }: Query,
  subject: { marketId: string; assetId?: string } | null,
  asOfMs: EpochMs,
): TradeFilter & { asOfMs: EpochMs } {
  return {
    marketId: subject?.marketId,
    assetId: subject?.assetId,
    side,
    rowSet: row_set === "all" ? undefined : "taker",
    fromMs: from,
    toMs: to,
    asOfMs,
  };
}

/** Reads one row more than the page holds, where the store's depth allows, to know whether there are more. */
async function readPage(
  api: ApiParts,
  filter: TradeFilter,
  { sort }: Query,
  start: PageStart<TradePlace>,
): Promise<TradesPage> {
  const limit = Math.min(start.limit + 1, PAGE_DEPTH_MAX - start.offset);
  const trades = await api.store.trades.findTrades({
    ...filter,
    sort: sort === "ts:asc" ? "asc" : "desc",
    limit,
    ...(start.after ? { after: start.after } : { offset: start.offset }),
  });
  return { trades: trades.slice(0, start.limit), more: trades.length >= limit };
}

function positionOf(trade: StoredTrade): Position {
  return [tradeTsMs(trade), trade.tie];
}

import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS, tradeTsMs, windowStart } from "@polytape/market-model";
import { BOOKS_CHECKPOINT, booksCheckpointState, type MarketStore } from "@polytape/market-store";
import { z } from "zod";
import { type Finding, ok } from "./finding.ts";
import {
  BOOKS,
  type CandleLook,
  judgeCandles,
  judgeCollected,
  judgeRetention,
  MARKETS,
} from "./judge-collected.ts";
import { judgeCoverage, judgeLag } from "./judge-freshness.ts";
import type { Parts } from "./parts.ts";

/** What is younger has not settled, or is being read right now. */
const SETTLED_AFTER_MS = 20 * MINUTE_MS;

function isCollected({ surroundings }: Parts, what: "TRADES" | "MARKETS" | "BOOKS"): boolean {
  return surroundings.variables[`COLLECT_${what}`] !== "false";
}

function notCollected(what: "TRADES" | "MARKETS" | "BOOKS"): Finding {
  return ok(`COLLECT_${what}=false: no ${what.toLowerCase()} are collected`);
}

export async function lookAtLag(parts: Parts): Promise<Finding> {
  const store = await parts.store();
  const [trade] = await store.trades.findTrades({ rowSet: "taker", sort: "desc", limit: 1 });
  if (!isCollected(parts, "TRADES")) return notCollected("TRADES");
  return judgeLag(trade ? tradeTsMs(trade) : null, parts.now());
}

export async function lookAtCoverage(parts: Parts): Promise<Finding> {
  const toMs = parts.now() - SETTLED_AFTER_MS;
  const question = { stream: "trades", fromMs: toMs - DAY_MS, toMs } as const;
  const timeline = await (await parts.store()).coverage.readTimeline(question);
  return isCollected(parts, "TRADES") ? judgeCoverage(timeline) : notCollected("TRADES");
}

const ACTIVE_MARKETS = 20;
const feed = z.object({ newestMs: z.number().nullable() });
const marketFeeds = z.object({ open: feed, closed: feed });

/** The newest update that its collector remembers, or the newest look that found an active market changed. */
export async function lookAtMarkets(parts: Parts): Promise<Finding> {
  if (!isCollected(parts, "MARKETS")) return notCollected("MARKETS");
  const { checkpoints, markets } = await parts.store();
  const feeds = marketFeeds.safeParse((await checkpoints.read("markets:recent"))?.state).data;
  const active = await markets.mostActiveMarkets(ACTIVE_MARKETS);
  const seen = [feeds?.open.newestMs, feeds?.closed.newestMs, ...active.map((each) => each.observedAtMs)];
  return judgeCollected(MARKETS, newest(seen), parts.now());
}

/** As their collector remembers them: an unchanged book costs no document. */
export async function lookAtBooks(parts: Parts): Promise<Finding> {
  if (!isCollected(parts, "BOOKS")) return notCollected("BOOKS");
  const checkpoint = await (await parts.store()).checkpoints.read(BOOKS_CHECKPOINT);
  const tokens = booksCheckpointState.safeParse(checkpoint?.state).data?.tokens ?? {};
  const seen = Object.values(tokens).map(({ observedAtMs }) => observedAtMs);
  return judgeCollected(BOOKS, newest(seen), parts.now());
}

const CANDLE_AGES_MS = [5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS];
/** One window may have amounts beyond exact sums, and no candle for ever. */
const TRADES_PER_AGE = 50;

export async function lookAtCandles(parts: Parts): Promise<Finding> {
  const store = await parts.store();
  return judgeCandles(await Promise.all(CANDLE_AGES_MS.map((ageMs) => lookAtAge(store, ageMs, parts.now()))));
}

async function lookAtAge(store: MarketStore, ageMs: number, nowMs: EpochMs): Promise<CandleLook> {
  const toMs = nowMs - ageMs;
  // Not older: what is found would be of another age.
  const range = { fromMs: toMs - HOUR_MS, toMs };
  const trades = await store.trades.findTrades({
    ...range,
    rowSet: "taker",
    sort: "desc",
    limit: TRADES_PER_AGE,
  });
  const keys = trades.map((trade) => ({
    assetId: trade.assetId,
    interval: "1m" as const,
    openTimeMs: windowStart(tradeTsMs(trade), MINUTE_MS),
  }));
  const candles = await store.candles.findByKeys(keys);
  return { ageMs, hasTrades: trades.length > 0, hasCandle: candles.size > 0 };
}

const retentionState = z.object({ outcome: z.string(), atMs: z.number() });

/** What `enforce-retention` left of its last run. */
export async function lookAtRetention({ store, now }: Parts): Promise<Finding> {
  const found = await (await store()).checkpoints.read("retention");
  return judgeRetention(found === null ? null : retentionState.safeParse(found.state).data, now());
}

function newest(moments: readonly (EpochMs | null | undefined)[]): EpochMs | null {
  return moments.reduce<EpochMs | null>(
    (latest, each) => (typeof each === "number" && (latest === null || each > latest) ? each : latest),
    null,
  );
}

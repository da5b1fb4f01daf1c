import { createHash } from "node:crypto";
import {
  DAY_MS,
  type EpochMs,
  identifyTrade,
  type Market,
  MINUTE_MS,
  notionalMillionths,
  SECOND_MS,
  sizeMillionths,
  type Trade,
  type TradeRow,
  tradeTsMs,
} from "@polytape/market-model";
import { indexNames } from "@polytape/market-store";
import type { BenchGround } from "./bench-ground.ts";
import { bulkBodies, DOCUMENTS_AT_ONCE, type RawDocument, sendBodies } from "./raw-bulk.ts";

const DAYS = 7;
const TRADES_A_DAY = 45_000;

/** How a day is filled: evenly over its first part, a few markets having most of the trades. */
export interface DayOfTrades {
  readonly trades: number;
  readonly markets: number;
  readonly lengthMs: number;
}
export const WEEKDAY: DayOfTrades = { trades: TRADES_A_DAY, markets: 300, lengthMs: DAY_MS };

/** The market that reads ask for: number 3 of those below, with about one trade in thirty. */
export const ASKED_MARKET = 3;
export const WEEK_TRADES = DAYS * TRADES_A_DAY;

/** Fills the seven days before the given moment's with trades of many markets, by bulk, as they are stored. */
export async function storeWeek(ground: BenchGround, beforeMs: EpochMs): Promise<void> {
  const names = indexNames();
  const lastDayMs = Math.floor(beforeMs / DAY_MS) * DAY_MS - DAY_MS;
  for (let day = 0; day < DAYS; day += 1) {
    const dayMs = lastDayMs - day * DAY_MS;
    await sendBodies(ground, bodiesOfDay(names.tradesOfDay(dayMs), dayMs));
  }
  await ground.server.request({ method: "POST", path: `/${names.tradesPattern}/_refresh` });
}

/** Made as they are sent: a week of bodies would not fit beside the servers. */
export function* bodiesOfDay(index: string, dayMs: EpochMs, plan: DayOfTrades = WEEKDAY): Generator<Buffer> {
  for (let from = 0; from < plan.trades; from += DOCUMENTS_AT_ONCE) {
    const length = Math.min(DOCUMENTS_AT_ONCE, plan.trades - from);
    yield* bulkBodies(index, tradeDocuments(dayMs, from, length, plan));
  }
}

export function tradeDocuments(
  dayMs: EpochMs,
  from: number,
  count: number,
  plan: DayOfTrades = WEEKDAY,
): RawDocument[] {
  return Array.from({ length: count }, (_, place) => tradeDocument(tradeOfDay(dayMs, from + place, plan)));
}

/** Of a fixed world: the n-th trade of a day is always the same one. */
export function tradeOfDay(dayMs: EpochMs, n: number, { trades, markets, lengthMs }: DayOfTrades): Trade {
  const digest = createHash("sha512").update(`${dayMs} ${n}`).digest();
  const part = (from: number) => digest.readUInt32BE(from) / 2 ** 32;
  const tsSeconds = dayMs / SECOND_MS + Math.floor((n / trades) * (lengthMs / SECOND_MS));
  return tradeOfDigest(digest, { market: Math.floor(markets ** part(0)), tsSeconds });
}

/** One trade of an outcome in each minute of a day. */
export function tradesOfEachMinute(market: number, outcome: number, dayMs: EpochMs): Trade[] {
  return Array.from({ length: DAY_MS / MINUTE_MS }, (_, minute) => {
    const digest = createHash("sha512").update(`${dayMs} ${market} ${outcome} minute ${minute}`).digest();
    const tsSeconds = (dayMs + minute * MINUTE_MS) / SECOND_MS + 30;
    return tradeOfDigest(digest, { market, tsSeconds, outcome });
  });
}

/** With the identity that its row has everywhere: readers make it of the row again. */
function tradeOfDigest(
  digest: Buffer,
  { market, tsSeconds, outcome }: { market: number; tsSeconds: number; outcome?: number },
): Trade {
  const part = (from: number) => digest.readUInt32BE(from) / 2 ** 32;
  const chance = digest[12] ?? 0;
  const row: TradeRow = {
    marketId: marketId(market),
    assetId: assetId(market, outcome ?? chance % 2),
    wallet: `0x${digest.toString("hex", 13, 33)}`,
    transactionHash: `0x${digest.toString("hex", 32, 64)}`,
    side: chance < 128 ? "buy" : "sell",
    price: Math.round(part(4) * 980 + 10) / 1_000,
    size: Math.round(part(8) * 1_000_000) / 10_000 + 0.01,
    tsSeconds,
  };
  const received = { rowSet: "taker", receivedAtMs: tsSeconds * SECOND_MS + 2_500 } as const;
  return { ...row, ...identifyTrade(row, 0), occurrence: 0, ...received };
}

export function tradeDocument(trade: Trade): RawDocument {
  const ts = tradeTsMs(trade);
  const source = {
    market_id: trade.marketId,
    asset_id: trade.assetId,
    wallet: trade.wallet,
    transaction_hash: trade.transactionHash,
    side: trade.side,
    row_set: trade.rowSet,
    price: trade.price,
    size: trade.size,
    size_micro: sizeMillionths(trade),
    notional_micro: notionalMillionths(trade),
    ts,
    tie: trade.tie,
    occurrence: trade.occurrence,
    received_at: trade.receivedAtMs,
    ingested_at: ts + 3_000,
  };
  return { id: trade.tradeId, source: JSON.stringify(source) };
}

export function marketId(market: number): string {
  return `0x${createHash("sha256").update(`bench market ${market}`).digest("hex")}`;
}

export function assetId(market: number, outcome: number): string {
  const digest = createHash("sha256").update(`bench token ${market} ${outcome}`).digest("hex");
  return BigInt(`0x${digest}`).toString();
}

/** A market as the catalogue knows it. */
export function marketOf(market: number, nowMs: EpochMs): Market {
  return {
    marketId: marketId(market),
    gammaId: String(990_000_000 + market),
    slug: `bench-market-${market}`,
    title: `Is market ${market} asked for?`,
    description: "Made for measuring.",
    category: null,
    tags: null,
    status: "open",
    createdAtMs: nowMs - 30 * DAY_MS,
    closeTimeMs: nowMs + 30 * DAY_MS,
    closedAtMs: null,
    outcomes: ["Yes", "No"].map((name, outcome) => ({
      name,
      assetId: assetId(market, outcome),
      probability: 0.5,
      winner: null,
    })),
    fees: null,
    tickSize: 0.001,
    minOrderSize: 5,
    negRisk: false,
    acceptingOrders: true,
    volume: 1_000,
    volume24h: 100,
    liquidity: 500,
    updatedAtMs: nowMs,
  };
}

import { createHash } from "node:crypto";
import { DAY_MS, type EpochMs, type Market, SECOND_MS } from "@polytape/market-model";
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
const WEEKDAY: DayOfTrades = { trades: TRADES_A_DAY, markets: 300, lengthMs: DAY_MS };

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
  return Array.from({ length: count }, (_, place) => document(dayMs, from + place, plan));
}

/** Of a fixed world: the n-th trade of a day is always the same one. */
function document(dayMs: EpochMs, n: number, { trades, markets, lengthMs }: DayOfTrades): RawDocument {
  const digest = createHash("sha512").update(`${dayMs} ${n}`).digest();
  const part = (from: number) => digest.readUInt32BE(from) / 2 ** 32;
  const market = Math.floor(markets ** part(0));
  const price = Math.round(part(4) * 980 + 10) / 1_000;
  const size = Math.round(part(8) * 1_000_000) / 10_000 + 0.01;
  const ts = dayMs + Math.floor((n / trades) * (lengthMs / SECOND_MS)) * SECOND_MS;
  const outcome = digest[12] ?? 0;
  const source = {
    market_id: marketId(market),
    asset_id: assetId(market, outcome % 2),
    wallet: `0x${digest.toString("hex", 13, 33)}`,
    transaction_hash: `0x${digest.toString("hex", 32, 64)}`,
    side: outcome < 128 ? "buy" : "sell",
    row_set: "taker",
    price,
    size,
    size_micro: Math.round(size * 1_000_000),
    notional_micro: Math.round(price * size * 1_000_000),
    ts,
    tie: digest.readUIntBE(40, 6) * 16,
    occurrence: 0,
    received_at: ts + 2_500,
    ingested_at: ts + 3_000,
  };
  return { id: digest.toString("base64url", 16, 32), source: JSON.stringify(source) };
}

function marketId(market: number): string {
  return `0x${createHash("sha256").update(`bench market ${market}`).digest("hex")}`;
}

export function assetId(market: number, outcome: number): string {
  const digest = createHash("sha256").update(`bench token ${market} ${outcome}`).digest("hex");
  return BigInt(`0x${digest}`).toString();
}

/** The asked market as the catalogue knows it. */
export function askedMarket(nowMs: EpochMs): Market {
  return {
    marketId: marketId(ASKED_MARKET),
    gammaId: "990000003",
    slug: "bench-market",
    title: "Is this market asked for?",
    description: "Made for measuring.",
    category: null,
    tags: null,
    status: "open",
    createdAtMs: nowMs - 30 * DAY_MS,
    closeTimeMs: nowMs + 30 * DAY_MS,
    closedAtMs: null,
    outcomes: ["Yes", "No"].map((name, outcome) => ({
      name,
      assetId: assetId(ASKED_MARKET, outcome),
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

import { createHash } from "node:crypto";
import type { Candle, CandleInterval, StoredTrade } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { z } from "zod";

const truthLine = z.object({
  market_id: z.string(),
  asset_id: z.string(),
  wallet: z.string(),
  transaction_hash: z.string(),
  side: z.enum(["buy", "sell"]),
  price: z.number(),
  size: z.number(),
  ts: z.int(),
  multiplicity: z.int().positive(),
});
type TruthRow = Omit<z.infer<typeof truthLine>, "multiplicity">;

/** Which rows: event time in seconds, from included, to excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Every well-formed taker row that the simulator has made visible, as a multiset. */
export async function readTruth(
  simulatorUrl: string,
  span: Span,
  send: (url: string) => Response | Promise<Response> = fetch,
): Promise<Map<string, number>> {
  const answer = await send(`${simulatorUrl}/_truth/trades?from=${span.from}&to=${span.to}`);
  const counts = new Map<string, number>();
  for (const line of (await answer.text()).split("\n")) {
    if (line === "") continue;
    const { multiplicity, ...row } = truthLine.parse(JSON.parse(line));
    const key = keyOf(row);
    counts.set(key, (counts.get(key) ?? 0) + multiplicity);
  }
  return counts;
}

/** Everything the store holds of a span, oldest first. */
export async function readTape(store: MarketStore, span: Span): Promise<StoredTrade[]> {
  const all: StoredTrade[] = [];
  const limit = 5_000;
  for (let after: readonly [number, number] | undefined; ; ) {
    const page = await store.trades.findTrades({
      sort: "asc",
      limit,
      fromMs: span.from * 1_000,
      toMs: span.to * 1_000,
      after,
    });
    all.push(...page);
    const last = page.at(-1);
    if (!last || page.length < limit) return all;
    after = [last.tsSeconds * 1_000, last.tie];
  }
}

export function countTape(tape: readonly StoredTrade[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const trade of tape) {
    const key = keyOf({
      market_id: trade.marketId,
      asset_id: trade.assetId,
      wallet: trade.wallet,
      transaction_hash: trade.transactionHash,
      side: trade.side,
      price: trade.price,
      size: trade.size,
      ts: trade.tsSeconds,
    });
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function keyOf(row: TruthRow): string {
  return [
    row.transaction_hash,
    row.market_id,
    row.asset_id,
    row.wallet,
    row.side,
    row.price,
    row.size,
    row.ts,
  ].join(" ");
}

/** What differs between truth and tape: all three lists must be empty. */
export function compareWithTruth(truth: Map<string, number>, tape: Map<string, number>) {
  const keys = new Set([...truth.keys(), ...tape.keys()]);
  const difference = (key: string) => (tape.get(key) ?? 0) - (truth.get(key) ?? 0);
  return {
    lost: [...keys].filter((key) => difference(key) < 0),
    invented: [...keys].filter((key) => difference(key) > 0 && !truth.has(key)),
    duplicated: [...keys].filter((key) => difference(key) > 0 && truth.has(key)),
  };
}

type Row = {
  price: number;
  size: number;
  side: "buy" | "sell";
  tsSeconds: number;
  identity: string;
  order: bigint;
};

/**
 * Candles by the longest way round, from rows alone (the truth, or a tape that was compared with it) and by
 * other code than the product's: identities by the written recipe, exact sums by BigInt, every interval
 * directly from its trades.
 */
export function naiveCandles(
  truth: Map<string, number>,
  intervalSeconds: number,
): Map<string, Omit<Candle, "interval" | "marketId" | "tradeSetHash">> {
  const windows = new Map<string, Row[]>();
  for (const [key, multiplicity] of truth) {
    const [tx, market, asset, wallet, side, price, size, ts] = key.split(" ") as [
      string,
      string,
      string,
      string,
      "buy" | "sell",
      string,
      string,
      string,
    ];
    for (let k = 0; k < multiplicity; k += 1) {
      const text = ["t1", tx, market, asset, wallet, side, price, size, ts, k].join("\n");
      const digest = createHash("sha256").update(text).digest();
      const row: Row = {
        price: Number(price),
        size: Number(size),
        side,
        tsSeconds: Number(ts),
        identity: digest.toString("base64url", 0, 16),
        order: digest.readBigUInt64BE(0) >> 12n,
      };
      const window = `${asset} ${Math.floor(row.tsSeconds / intervalSeconds) * intervalSeconds * 1_000}`;
      windows.set(window, [...(windows.get(window) ?? []), row]);
    }
  }
  return new Map([...windows].map(([window, rows]) => [window, naiveCandle(window, rows)]));
}

function naiveCandle(window: string, rows: Row[]) {
  const [assetId = "", openTime = ""] = window.split(" ");
  rows.sort((a, b) => a.tsSeconds - b.tsSeconds || (a.order < b.order ? -1 : 1));
  const sum = (of: (row: Row) => number) =>
    Number(rows.reduce((total, row) => total + BigInt(Math.round(of(row) * 1e6)), 0n));
  return {
    assetId,
    openTimeMs: Number(openTime),
    open: rows[0]?.price ?? Number.NaN,
    high: Math.max(...rows.map((row) => row.price)),
    low: Math.min(...rows.map((row) => row.price)),
    close: rows.at(-1)?.price ?? Number.NaN,
    volume: sum((row) => row.size),
    notional: sum((row) => row.price * row.size),
    buyVolume: sum((row) => (row.side === "buy" ? row.size : 0)),
    sellVolume: sum((row) => (row.side === "sell" ? row.size : 0)),
    n: rows.length,
  };
}

/** The stored candles of the tokens of a naive set, by the same keys. */
export async function readCandles(
  store: MarketStore,
  tokens: ReadonlySet<string>,
  interval: CandleInterval,
  span: Span,
) {
  const found = new Map<string, Omit<Candle, "interval" | "marketId" | "tradeSetHash">>();
  for (const assetId of tokens) {
    const candles = await store.candles.findCandles({
      assetId,
      interval,
      fromMs: span.from * 1_000,
      toMs: span.to * 1_000,
      limit: 10_000,
    });
    for (const {
      openTimeMs,
      open,
      high,
      low,
      close,
      volume,
      notional,
      buyVolume,
      sellVolume,
      n,
    } of candles) {
      const candle = {
        assetId,
        openTimeMs,
        open,
        high,
        low,
        close,
        volume,
        notional,
        buyVolume,
        sellVolume,
        n,
      };
      found.set(`${assetId} ${openTimeMs}`, candle);
    }
  }
  return found;
}

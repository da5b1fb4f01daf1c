import type { Catalogue } from "./catalogue.ts";
import { fairPrice, onTick, PRICE_UNITS, tickOf } from "./price-path.ts";
import { mix, randomRun } from "./random.ts";
import { PURPOSE } from "./world-settings.ts";

/** Seconds between blocks; every trade of a block carries its second. */
export const BLOCK_SECONDS = 2;
export const WALLET_COUNT = 4_000;
/** Nothing smaller is ever served. Shares. */
export const SERVED_SIZE_MIN = 0.01;
/** Each taker row has this many places in the block's sequence: its makers come first, itself last. */
const PLACES_PER_TAKER = 100;
const FIRST_BLOCK_SECONDS = 1_700_000_000;

/** One row of the trade feed, as a fact of the world. */
export interface WorldTrade {
  readonly market: number;
  readonly outcome: number;
  readonly wallet: number;
  readonly side: "BUY" | "SELL";
  /** USDC per share; for a taker that met several prices the average, with all its digits. */
  readonly price: number;
  /** Shares. */
  readonly size: number;
  readonly timestamp: number;
  /** Which settlement of its block it belongs to. */
  readonly settlement: number;
  /** Place in the block's sequence. */
  readonly place: number;
  readonly isTaker: boolean;
}

/** The taker rows of one block, oldest first. */
export interface TradeBlock {
  readonly timestamp: number;
  readonly rows: readonly WorldTrade[];
  /** Rows too small to be served. */
  readonly dust: number;
}

/** The number of the block at a second: eight digits, as on the chain. */
export function blockNumberOf(timestamp: number): number {
  return 40_000_000 + (timestamp - FIRST_BLOCK_SECONDS) / BLOCK_SECONDS;
}

/** What the taker rows of a block are: a function of the world's settings and of the block's time. */
export function makeBlock(catalogue: Catalogue, timestamp: number, equalRowsShare: number): TradeBlock {
  const { settings } = catalogue;
  const live = timestamp * 1_000 >= settings.epochMs;
  const mean = (live ? settings.tradesPerSecond : settings.historyTradesPerSecond) * BLOCK_SECONDS;
  const draw = randomRun(mix(settings.seed, PURPOSE.block, timestamp));
  const wanted = Math.floor(mean * (0.7 + 0.6 * draw()) + draw());
  const rows: WorldTrade[] = [];
  let dust = 0;
  for (let settlement = 0; rows.length < wanted && settlement < wanted * 2; settlement++) {
    const order = drawOrder(catalogue, timestamp, draw);
    if (!order) continue;
    if (order.size < SERVED_SIZE_MIN) {
      dust++;
      continue;
    }
    for (const row of settle(order, catalogue, timestamp, draw, equalRowsShare)) {
      const place = rows.length * PLACES_PER_TAKER + PLACES_PER_TAKER - 1;
      // Written out, not spread: benchmarks read hundreds of thousands of these.
      rows.push({
        market: row.market,
        outcome: row.outcome,
        wallet: row.wallet,
        side: row.side,
        price: row.price,
        size: row.size,
        timestamp,
        settlement,
        place,
        isTaker: true,
      });
    }
  }
  return { timestamp, rows, dust };
}

type Order = Pick<WorldTrade, "market" | "outcome" | "wallet" | "side" | "price" | "size">;

/** The taker rows of one settlement: mostly one, sometimes equal ones, sometimes two takers. */
function settle(
  order: Order,
  catalogue: Catalogue,
  timestamp: number,
  draw: () => number,
  equalRowsShare: number,
): Order[] {
  const at = draw();
  if (at < equalRowsShare) {
    const copies = Array.from({ length: 2 + Math.floor(draw() * 3) }, () => order);
    // Equal rows need not be neighbours: now and then another row of the settlement stands between.
    if (draw() < 0.5) copies.splice(1, 0, { ...order, size: order.size + 1 });
    return copies;
  }
  if (at < equalRowsShare + 0.01) {
    const second = drawOrder(catalogue, timestamp, draw);
    if (second && second.size >= SERVED_SIZE_MIN) return [order, second];
  }
  return [order];
}

/** Null when the market drawn has no open book at that time. */
function drawOrder(catalogue: Catalogue, timestamp: number, draw: () => number): Order | null {
  const { seed } = catalogue.settings;
  const market = drawMarket(catalogue, timestamp * 1_000, draw);
  if (market === null) return null;
  const tick = tickOf(seed, market);
  const outcome = draw() < 0.55 ? 0 : 1;
  const side = draw() < 0.6 ? "BUY" : "SELL";
  const fair = fairPrice(seed, market, timestamp * 1_000);
  const steps = Math.floor(draw() * 3) - 1;
  const units = onTick((outcome === 0 ? fair : PRICE_UNITS - fair) + steps * tick, tick);
  const wallet = Math.floor(draw() ** 2 * WALLET_COUNT);
  const size = drawSize(draw);
  return { market, outcome, wallet, side, size, price: drawPrice(units, tick, size, draw) };
}

/** One taker in three meets two prices and gets a row with their average. */
function drawPrice(units: number, tick: number, size: number, draw: () => number): number {
  const next = onTick(units + tick, tick);
  if (draw() >= 0.34 || next === units || size < 2) return units / PRICE_UNITS;
  const first = Math.max(1, Math.floor(draw() * size));
  return ((units / PRICE_UNITS) * first + (next / PRICE_UNITS) * (size - first)) / size;
}

/** From dust to thousands of shares: whole numbers, cents, and all six decimals. */
function drawSize(draw: () => number): number {
  const at = draw();
  if (at < 0.01) return Math.max(1, Math.floor(draw() * 9_999)) / 1_000_000;
  const rough = Math.exp(draw() * 8.5 - 0.7);
  if (at < 0.35) return Math.max(1, Math.round(rough));
  if (at < 0.8) return Math.round(rough * 100) / 100;
  return Math.round(rough * 1_000_000) / 1_000_000;
}

const TRIES_MAX = 24;

/** Few markets get most of the trades; new ones get their share. */
function drawMarket(catalogue: Catalogue, atMs: number, draw: () => number): number | null {
  const { marketCount } = catalogue.settings;
  const born = catalogue.countAt(atMs) - marketCount;
  if (born > 0 && draw() < 0.1) {
    const market = marketCount + born - 1 - Math.floor(draw() * Math.min(born, 40));
    if (isTraded(catalogue, market, atMs)) return market;
  }
  const rank = Math.floor(draw() ** 3 * marketCount);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const market = catalogue.marketOfRank((rank + tries) % marketCount);
    if (isTraded(catalogue, market, atMs)) return market;
  }
  return null;
}

function isTraded(catalogue: Catalogue, market: number, atMs: number): boolean {
  const { kind, bookOpensAtMs, closedAtMs } = catalogue.lifetime(market);
  return kind !== "legacy" && atMs >= bookOpensAtMs && atMs < closedAtMs;
}

/**
 * The makers that a taker row met, in the order of their sequence: their sizes add up to the taker's, and
 * makers with equal orders leave rows that are equal in every field.
 */
export function makersOf(seed: number, taker: WorldTrade): WorldTrade[] {
  const draw = randomRun(mix(seed, PURPOSE.makers, taker.timestamp, taker.place));
  const count = taker.size < 4 ? 1 : 1 + Math.floor(draw() * 4);
  const equal = count > 1 && draw() < 0.3;
  const side = taker.side === "BUY" ? "SELL" : "BUY";
  const wallet = Math.floor(draw() * WALLET_COUNT);
  const millionths = Math.round(taker.size * 1_000_000);
  const part = Math.floor(millionths / count);
  return Array.from({ length: count }, (_, at) => ({
    ...taker,
    wallet: equal && at < count - 1 ? wallet : (wallet + at * 17) % WALLET_COUNT,
    side,
    size: (at === count - 1 ? millionths - part * (count - 1) : part) / 1_000_000,
    place: taker.place - PLACES_PER_TAKER + 1 + at,
    isTaker: false,
  }));
}

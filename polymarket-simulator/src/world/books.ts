import { type BookLevelText, type BookSummary, bookHash } from "../clob/book-hash.ts";
import type { Catalogue } from "./catalogue.ts";
import { fairPrice, PRICE_UNITS, tickOf } from "./price-path.ts";
import { mix, randomRun, unit } from "./random.ts";
import { PURPOSE } from "./world-settings.ts";

/** The order books of the world: functions of market and time, like everything else. */
export interface Books {
  /** Null where there is no book: unknown, not open yet, or closed. */
  bookAt(tokenId: string, atMs: number): BookSummary | null;
}

const LEVELS_MAX = 60;
const BOOKS_KEPT_MAX = 4_000;

export function openBooks(catalogue: Catalogue): Books {
  const kept = new Map<string, BookSummary>();
  return {
    bookAt(tokenId, atMs) {
      const found = catalogue.findByTokenId(tokenId, atMs);
      if (!found) return null;
      const { kind, bookOpensAtMs, closedAtMs } = catalogue.lifetime(found.market);
      if (kind === "legacy" || atMs < bookOpensAtMs || atMs >= closedAtMs) return null;
      const changedAtMs = lastChange(catalogue, found.market, atMs);
      const key = `${tokenId} ${changedAtMs}`;
      const known = kept.get(key);
      if (known) return known;
      if (kept.size >= BOOKS_KEPT_MAX) kept.clear();
      const made = makeBook(catalogue, found.market, found.outcome, changedAtMs);
      kept.set(key, made);
      return made;
    },
  };
}

/** Busy markets change every few seconds, some every few minutes or hours, some never. */
function lastChange(catalogue: Catalogue, market: number, atMs: number): number {
  const { seed, marketCount } = catalogue.settings;
  const { bookOpensAtMs } = catalogue.lifetime(market);
  const popularity = catalogue.rankOf(market) / Math.max(1, marketCount);
  const spread = 0.5 + unit(seed, PURPOSE.book, market, 1);
  const idle = unit(seed, PURPOSE.book, market, 2);
  if (idle < 0.1) return bookOpensAtMs;
  const periodMs = Math.round((popularity < 0.1 ? 3_000 : popularity < 0.4 ? 60_000 : 3_600_000) * spread);
  const phaseMs = mix(seed, PURPOSE.book, market, 3) % periodMs;
  return Math.max(bookOpensAtMs, Math.floor((atMs - phaseMs) / periodMs) * periodMs + phaseMs);
}

/** Both tokens of a market are one book seen from its two sides: a bid at p is an ask at 1 − p. */
function makeBook(catalogue: Catalogue, market: number, outcome: number, changedAtMs: number): BookSummary {
  const { seed } = catalogue.settings;
  const { conditionId, tokenIds, lifetime } = catalogue.market(market);
  const { buys, sells } = makeSides(seed, market, changedAtMs);
  const bids = outcome === 0 ? buys : sells.map(mirrored);
  const asks = outcome === 0 ? sells : buys.map(mirrored);
  const book: BookSummary = {
    market: conditionId,
    asset_id: tokenIds[outcome] ?? "",
    timestamp: String(Math.round(changedAtMs)),
    hash: "",
    bids: bids.toSorted((a, b) => a.units - b.units).map(levelText),
    asks: asks.toSorted((a, b) => b.units - a.units).map(levelText),
    min_order_size: "5",
    tick_size: String(tickOf(seed, market) / PRICE_UNITS),
    neg_risk: lifetime.kind === "weather",
    last_trade_price: lastTradePrice(seed, market, changedAtMs),
  };
  return { ...book, hash: bookHash(book) };
}

/** One for the market, whichever token was traded last; empty when none ever was. */
function lastTradePrice(seed: number, market: number, changedAtMs: number): string {
  if (unit(seed, PURPOSE.book, market, 4) < 0.05) return "";
  const price = fairPrice(seed, market, changedAtMs - 1_000) / PRICE_UNITS;
  return price.toFixed(tickOf(seed, market) === 1 ? 4 : 3);
}

interface Level {
  readonly units: number;
  readonly hundredths: number;
}

/** Orders on the first outcome. A few books lack a side. */
function makeSides(seed: number, market: number, changedAtMs: number): { buys: Level[]; sells: Level[] } {
  const tick = tickOf(seed, market);
  const fair = fairPrice(seed, market, changedAtMs);
  const draw = randomRun(mix(seed, PURPOSE.book, market, Math.round(changedAtMs / 10) | 0));
  const side = (step: number, share: number) => {
    const levels: Level[] = [];
    if (unit(seed, PURPOSE.book, market, 5 + step) < share) return levels;
    const wanted = 2 + Math.floor(draw() * LEVELS_MAX);
    for (
      let units = fair + step * tick;
      levels.length < wanted;
      units += step * tick * (1 + Math.floor(draw() * 3))
    ) {
      if (units < tick || units > PRICE_UNITS - tick) break;
      levels.push({ units, hundredths: drawHundredths(draw) });
    }
    return levels;
  };
  return { buys: side(-1, 0.02), sells: side(1, 0.03) };
}

/** Sizes are text: whole, with one digit, or with two. */
function drawHundredths(draw: () => number): number {
  const rough = Math.ceil(Math.exp(draw() * 10 + 6.3));
  const coarse = draw() < 0.5 ? 100 : draw() < 0.3 ? 10 : 1;
  return Math.ceil(rough / coarse) * coarse;
}

function mirrored(level: Level): Level {
  return { ...level, units: PRICE_UNITS - level.units };
}

function levelText({ units, hundredths }: Level): BookLevelText {
  return { price: String(units / PRICE_UNITS), size: String(hundredths / 100) };
}

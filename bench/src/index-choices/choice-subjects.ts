import { createHash } from "node:crypto";
import { DAY_MS, type EpochMs, type Trade } from "@polytape/market-model";
import type { BenchGround } from "../bench-ground.ts";
import { booksOf } from "../candles-and-books.ts";
import { candlesOfTrades } from "../candles-of-trades.ts";
import { bulkBodies, type RawDocument } from "../raw-bulk.ts";
import { dropScratchStore, openScratchStore } from "../scratch-store.ts";
import { type StoredOrder, storedDocuments } from "../stored-documents.ts";
import { bodiesOfDay, tradeOfDay, tradesOfEachMinute } from "../week-of-trades.ts";
import type { TemplateName } from "./alternatives.ts";
import { bookQuestions, type ChoiceQuestion, candleQuestions, tradeQuestions } from "./choice-questions.ts";

/** One kind of index: what it is filled with, and what it is asked. */
export interface ChoiceSubject {
  readonly name: string;
  readonly template: TemplateName;
  /** The same documents in the same order for every index, as `_bulk` takes them. */
  bodies(index: string): Iterable<Buffer>;
  readonly questions: readonly ChoiceQuestion[];
}

const TRADES = { trades: 200_000, markets: 2_000, lengthMs: DAY_MS };
/** Their first outcomes have a candle of every minute and books, and are asked for. */
const ASKED_MARKETS = [1, 2, 3, 4, 5, 6, 7, 8];
/** Beside them, as in any day, many tokens with few candles: all together 46,000. */
const CANDLE_TRADES = { ...TRADES, trades: 15_000 };
/** Of each 250 books of two documents: 20,000 of 25 levels each. */
const BOOK_MARKETS = Array.from({ length: 40 }, (_, place) => 1 + place);
/** Of ten looks at a level one finds another size. */
const LOOKS_A_SIZE = 10;

/** As candles and books come in: by time, over all tokens. */
const CANDLE_ORDER: StoredOrder = {
  sort: [{ open_time: "asc" }, { asset_id: "asc" }, { interval: "asc" }],
  moments: ["open_time", "ingested_at"],
};
const BOOK_ORDER: StoredOrder = {
  sort: [{ ts: "asc" }, { asset_id: "asc" }, { side: "asc" }],
  moments: [],
};

/** Trades are made as they are sent; candles and books are what the store itself writes, read back. */
export async function choiceSubjects(ground: BenchGround): Promise<ChoiceSubject[]> {
  const dayMs = Math.floor(ground.worldEndMs / DAY_MS) * DAY_MS - DAY_MS;
  const { candles, books } = await writtenByTheStore(ground, dayMs);
  return [
    {
      name: "trades",
      template: "trades_v1",
      bodies: (index) => bodiesOfDay(index, dayMs, TRADES),
      questions: tradeQuestions(dayMs),
    },
    {
      name: "candles",
      template: "candles_v1",
      bodies: (index) => bulkBodies(index, candles),
      questions: candleQuestions(dayMs, ASKED_MARKETS),
    },
    {
      name: "books",
      template: "orderbook_snapshots_v1",
      bodies: (index) => bulkBodies(index, books),
      questions: bookQuestions(ASKED_MARKETS),
    },
  ];
}

async function writtenByTheStore(
  ground: BenchGround,
  dayMs: EpochMs,
): Promise<{ candles: RawDocument[]; books: RawDocument[] }> {
  const scratch = await openScratchStore(ground, "choices");
  const { store, names } = scratch;
  await store.candles.writeCandles(candlesOfTrades(tradesOfTokens(dayMs)));
  for (const market of BOOK_MARKETS) await store.books.storeBooks(booksAsSeen(market, dayMs + DAY_MS));
  const written = {
    candles: await storedDocuments(ground, names.candles, CANDLE_ORDER),
    books: await storedDocuments(ground, names.books, BOOK_ORDER),
  };
  await dropScratchStore(ground, scratch);
  return written;
}

function tradesOfTokens(dayMs: EpochMs): Trade[] {
  const few = Array.from({ length: CANDLE_TRADES.trades }, (_, n) => tradeOfDay(dayMs, n, CANDLE_TRADES));
  return [...few, ...ASKED_MARKETS.flatMap((market) => tradesOfEachMinute(market, 0, dayMs))];
}

/** Sizes and hashes as irregular as a venue's, most sizes staying from one look to the next: what a codec lives on. */
function booksAsSeen(market: number, endMs: EpochMs): ReturnType<typeof booksOf> {
  const digest = (text: string) => createHash("sha1").update(`${market} ${text}`).digest();
  const sized = (side: string, age: number) => (level: { price: string }, place: number) => {
    const look = Math.floor((age + place) / LOOKS_A_SIZE);
    const hundredths = digest(`${side} ${place} ${look}`).readUInt32BE(0) % 1_000_000;
    return { price: level.price, size: (hundredths / 100).toFixed(2) };
  };
  return booksOf(market, endMs).map((book, age) => ({
    ...book,
    bids: book.bids.map(sized("bid", age)),
    asks: book.asks.map(sized("ask", age)),
    hash: digest(`book ${age}`).toString("hex"),
  }));
}

import { Hono } from "hono";
import { z } from "zod";
import { mix } from "../world/random.ts";
import type { BookLevelText, BookSummary } from "./book-hash.ts";
import type { BookSource } from "./book-source.ts";

/** One request fails beyond about this many ids. */
const IDS_MAX = 500;

const booksRequest = z.array(z.object({ token_id: z.string() }));

/** The CLOB's public REST side: books and what can be read off them. */
export function clobRoutes(source: BookSource): Hono {
  const app = new Hono();
  let requests = 0;

  function withBook(tokenId: string | undefined, answer: (book: BookSummary) => object): Response {
    if (!tokenId || !/^[0-9]{1,80}$/.test(tokenId)) return json({ error: "Invalid token id" }, 400);
    const book = source.bookAt(tokenId, source.now());
    if (!book) return json({ error: "No orderbook exists for the requested token id" }, 404);
    return json(answer(book));
  }

  app.get("/book", (c) => withBook(c.req.query("token_id"), (book) => book));
  app.post("/books", async (c) => {
    const read = booksRequest.safeParse(await c.req.json().catch(() => null));
    if (!read.success) return json({ error: "Invalid payload" }, 400);
    if (read.data.length > IDS_MAX) return json({ error: "Payload exceeds the limit" }, 400);
    const nowMs = source.now();
    const asked = [...new Set(read.data.map(({ token_id }) => token_id))];
    // Unknown tokens are left out without a word.
    const books = asked.map((tokenId) => source.bookAt(tokenId, nowMs)).filter((book) => book !== null);
    return json(shuffled(books, requests++));
  });

  app.get("/price", (c) => {
    const side = c.req.query("side")?.toUpperCase();
    if (side !== "BUY" && side !== "SELL") return json({ error: "Invalid side" }, 400);
    // The side is that of the resting orders: BUY is the best bid. An empty side is priced "0".
    return withBook(c.req.query("token_id"), ({ bids, asks }) => ({
      price: best(side === "BUY" ? bids : asks) ?? "0",
    }));
  });
  app.get("/midpoint", (c) =>
    withBook(c.req.query("token_id"), ({ bids, asks }) => ({
      mid: decimal((Number(best(bids) ?? 0) + Number(best(asks) ?? 0)) / 2),
    })),
  );
  app.get("/spread", (c) =>
    withBook(c.req.query("token_id"), ({ bids, asks }) => ({
      spread: decimal(Math.max(0, Number(best(asks) ?? 0) - Number(best(bids) ?? 0))),
    })),
  );
  app.get("/last-trade-price", (c) =>
    withBook(c.req.query("token_id"), (book) => ({ price: book.last_trade_price || "0.5", side: "BUY" })),
  );
  app.get("/tick-size", (c) =>
    withBook(c.req.query("token_id"), (book) => ({ minimum_tick_size: Number(book.tick_size) })),
  );
  app.get("/neg-risk", (c) => withBook(c.req.query("token_id"), (book) => ({ neg_risk: book.neg_risk })));
  app.get("/time", () => json(Math.floor(source.now() / 1_000)));
  return app;
}

/** The best level is the last one. */
function best(levels: readonly BookLevelText[]): string | undefined {
  return levels.at(-1)?.price;
}

function decimal(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}

/** No order is promised, so none is kept. */
function shuffled<T>(list: readonly T[], nth: number): T[] {
  return list
    .map((one, at) => ({ one, at: mix(nth, at, list.length) }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

import { type BookLevel, type EpochMs, keptFrom, MINUTE_MS, toRfc3339 } from "@polytape/market-model";
import type { FoundBook } from "@polytape/market-store";
import { z } from "zod";
import { chooseOutcome, findSubject, requireOnTape } from "../../catalogue/choose-outcome.ts";
import { refusal } from "../../http/api-error.ts";
import { marketIdParameter, moment, momentParameter, outcomeParameter } from "../../http/parameters.ts";
import { defineRoute } from "../../http/route.ts";

const levels = z
  .array(z.object({ level: z.int().positive(), price: z.number(), size: z.number() }))
  .optional()
  .meta({
    description: "Best first, level counted from 1; an empty side is [].",
  });

const query = z.strictObject({
  market_id: marketIdParameter,
  outcome: outcomeParameter,
  at: momentParameter("The moment asked for, not in the future; default now.").optional(),
  match: z.enum(["before", "nearest"], "must be before or nearest").optional().meta({
    description:
      "before (default): the newest book at or before `at`; nearest: on either side of it, and none is nearer than the book that is known to have stood then.",
  }),
  side: z.enum(["bid", "ask"], "must be bid or ask").optional().meta({ description: "Only this side." }),
});

/** The asker's clock may be ahead of ours by so much. */
const CLOCKS_APART_MS = MINUTE_MS;

/** The order book of one outcome at a moment. */
export const getOrderbook = defineRoute({
  name: "get-orderbook",
  path: "/v1/orderbook",
  summary: "The order book at a moment",
  description:
    "The book of one outcome as it stood at a moment, best levels first, with its age: how long before `at` it was last seen standing unchanged (negative: the nearest book is younger than `at`). Books are kept to a number of levels; the hash is the venue's, over the whole book.",
  access: "key",
  parts: z.strictObject({}),
  query,
  answer: z.object({
    market_id: z.string(),
    asset_id: z.string(),
    outcome: z.string().nullable(),
    ts: moment.meta({ description: "The venue's time of the book's last change." }),
    bids: levels,
    asks: levels,
    hash: z.string(),
    verified: z.boolean().meta({ description: "Whether the hash was recomputed from the book and agreed." }),
    source: z.enum(["snapshot", "reconstructed"]),
    age_ms: z.int(),
  }),
  refusals: ["unknown_outcome", "market_not_found", "book_not_found"],
  freshSeconds: 0,
  async handle(api, { query, nowMs }) {
    const subject = await findSubject(api.markets, query.market_id);
    const { assetId, name } = chooseOutcome(subject, query.outcome);
    const atMs = query.at ?? nowMs;
    if (atMs > nowMs + CLOCKS_APART_MS)
      throw refusal(
        "invalid_parameter",
        `at must not lie in the future: it is ${toRfc3339(nowMs)} here, and no book is known beyond.`,
      );
    const { match = "before", side } = query;
    async function findBook(match: "before" | "nearest"): Promise<FoundBook | null> {
      const found = await api.store.books.findBook({ assetId, atMs, match, side });
      // Of a market that the catalogue lacks, anybody may name any token.
      return subject.market || found?.marketId === subject.marketId ? found : null;
    }
    const book = await findBook(match);
    if (book === null) {
      const later = match === "before" ? await findBook("nearest") : null;
      if (later === null) await requireOnTape(api.store.trades, subject);
      const keptFromMs = keptFrom(api.rules.retentionDays, nowMs);
      throw bookNotFound({ match, atMs, keptFromMs, firstMs: later?.tsMs ?? null });
    }
    return {
      market_id: subject.marketId,
      asset_id: assetId,
      outcome: name,
      ts: toRfc3339(book.tsMs),
      ...(side === "ask" ? {} : { bids: book.bids.map(levelOf) }),
      ...(side === "bid" ? {} : { asks: book.asks.map(levelOf) }),
      hash: book.hash,
      verified: book.verified,
      source: "snapshot" as const,
      age_ms: ageMs(book, atMs),
    };
  },
});

function bookNotFound(asked: {
  match: "before" | "nearest";
  atMs: EpochMs;
  keptFromMs: EpochMs | null;
  /** The first book after the moment. */
  firstMs: EpochMs | null;
}) {
  const { match, atMs, keptFromMs, firstMs } = asked;
  const where = match === "before" ? `at or before ${toRfc3339(atMs)}` : "at any moment";
  return refusal("book_not_found", `No book of this outcome is kept ${where}: ${why()}`);

  function why(): string {
    if (keptFromMs !== null && atMs < keptFromMs)
      return `nothing before ${toRfc3339(keptFromMs)} is kept any more.`;
    if (firstMs === null)
      return "books are kept from the begin of collecting on, and only the most active markets' are.";
    return `the first one is of ${toRfc3339(firstMs)}. Before it nothing was collected yet, or the market was not among the most active ones, whose books alone are kept.`;
  }
}

/** 0 while the book is known to have stood; negative when it is younger than the moment asked for. */
function ageMs({ tsMs, lastSeenAtMs }: FoundBook, atMs: EpochMs): number {
  if (atMs < tsMs) return atMs - tsMs;
  return Math.max(0, atMs - lastSeenAtMs);
}

function levelOf({ price, size }: BookLevel, place: number) {
  return { level: place + 1, price: Number(price), size: Number(size) };
}

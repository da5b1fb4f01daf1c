import { type EpochMs, tradeTsMs } from "@polytape/market-model";
import { BOOKS_CHECKPOINT, booksCheckpointState } from "@polytape/market-store";
import { z } from "zod";
import type { ApiParts } from "../../http/route.ts";

/** The newest thing of a stream, in the venue's time and in ours; null: not known. */
export interface Freshness {
  readonly newestMs: EpochMs | null;
  readonly ingestedMs: EpochMs | null;
}

const NOTHING: Freshness = { newestMs: null, ingestedMs: null };

export async function newestTrade({ store }: ApiParts): Promise<Freshness> {
  const [trade] = await store.trades.findTrades({ rowSet: "taker", sort: "desc", limit: 1 });
  return trade ? { newestMs: tradeTsMs(trade), ingestedMs: trade.ingestedAtMs } : NOTHING;
}

/** From what the collector remembers of its last look: an unchanged book costs no document. */
export async function newestBook({ store }: ApiParts): Promise<Freshness> {
  const checkpoint = await store.checkpoints.read(BOOKS_CHECKPOINT);
  const read = booksCheckpointState.safeParse(checkpoint?.state);
  if (!read.success) return NOTHING;
  const books = Object.values(read.data.tokens);
  return {
    newestMs: newest(books.map(({ tsMs }) => tsMs)),
    ingestedMs: newest(books.map(({ observedAtMs }) => observedAtMs)),
  };
}

/** What the collector of markets keeps of its feeds, as far as it matters here. */
const feed = z.object({ newestMs: z.number().nullable() });
const marketFeeds = z.object({ open: feed, closed: feed });

export async function newestMarket({ store }: ApiParts): Promise<Freshness> {
  const checkpoint = await store.checkpoints.read("markets:recent");
  const read = marketFeeds.safeParse(checkpoint?.state);
  if (!read.success) return NOTHING;
  return { ...NOTHING, newestMs: newest([read.data.open.newestMs, read.data.closed.newestMs]) };
}

function newest(moments: readonly (EpochMs | null)[]): EpochMs | null {
  return moments.reduce<EpochMs | null>(
    (latest, each) => (each !== null && (latest === null || each > latest) ? each : latest),
    null,
  );
}

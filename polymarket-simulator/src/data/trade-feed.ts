import type { Catalogue } from "../world/catalogue.ts";
import type { Disturbances } from "../world/disturbances.ts";
import { unit } from "../world/random.ts";
import {
  BLOCK_SECONDS,
  makeBlock,
  makersOf,
  type TradeBlock,
  type WorldTrade,
} from "../world/trade-blocks.ts";
import { PURPOSE } from "../world/world-settings.ts";
import { type RenderedBlock, renderBlocks } from "./rendered-block.ts";
import { type TradeRowWriter, writeTradeRows } from "./trade-rows.ts";

/** A place in the feed: the row last served. */
export interface FeedPosition {
  readonly timestamp: number;
  readonly place: number;
}

export interface FeedQuery {
  /** Rows strictly older than this; null for the head. */
  readonly before: FeedPosition | null;
  readonly limit: number;
  /** Rows passed over first (offset paging). */
  readonly skip: number;
  readonly takerOnly: boolean;
  /** First and last second to be served. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Null takes every row, and is fast. */
  readonly takes: ((trade: WorldTrade) => boolean) | null;
}

export interface FeedPage {
  /** Rows as JSON with their commas, newest first; to be put together once. */
  readonly parts: readonly Uint8Array[];
  readonly rows: number;
  readonly last: FeedPosition | null;
  readonly hasMore: boolean;
}

/** The trade feed of the world at a moment. */
export interface TradeFeed {
  readonly writer: TradeRowWriter;
  /** First second of history. */
  readonly startSeconds: number;
  /** The newest block's second at the moment, whether served yet or not. */
  newestSeconds(nowMs: number): number;
  /** The newest second of which a row is served; the start of history when there is none. */
  servedSeconds(nowMs: number): number;
  /** Rows of a block that are served at the moment, newest first. */
  visible(timestamp: number, takerOnly: boolean, nowMs: number): WorldTrade[];
  page(query: FeedQuery, form: "v1" | "v2", nowMs: number): FeedPage;
}

/** Rows kept as facts; beyond it the oldest made go. */
const ROWS_KEPT_MAX = 40_000;
/** How far back one looks for the newest row that is served. */
const QUIET_SECONDS_MAX = 600;

export function openTradeFeed(catalogue: Catalogue, disturbances: Disturbances): TradeFeed {
  const { settings } = catalogue;
  const writer = writeTradeRows(catalogue);
  const startSeconds = evenSecond(settings.epochMs / 1_000 - settings.historyHours * 3_600);
  const blocks = new Map<number, TradeBlock>();
  const rendered = renderBlocks(writer, disturbances);
  let version = disturbances.version();
  let rowsKept = 0;

  function blockAt(timestamp: number): TradeBlock {
    if (version !== disturbances.version()) {
      blocks.clear();
      rowsKept = 0;
      rendered.forget();
      version = disturbances.version();
    }
    const known = blocks.get(timestamp);
    if (known) return known;
    const share = disturbances.equalRowsShare(timestamp, settings.equalRowsShare);
    const made = makeBlock(catalogue, timestamp, share);
    blocks.set(timestamp, made);
    rowsKept += made.rows.length + 1;
    for (const [oldest, { rows }] of blocks) {
      if (rowsKept <= ROWS_KEPT_MAX) break;
      blocks.delete(oldest);
      rowsKept -= rows.length + 1;
    }
    return made;
  }

  /** When a row of a block is first served: with the lag of its block, in four steps, and later if it is late. */
  function visibleAtMs(block: TradeBlock, row: number, trade: WorldTrade): number {
    const { lagMsMin, lagMsMax, blockSpreadMs } = settings;
    const lag = lagMsMin + unit(settings.seed, PURPOSE.lag, block.timestamp) * (lagMsMax - lagMsMin);
    const step = (Math.floor((4 * row) / block.rows.length) * blockSpreadMs) / 4;
    return block.timestamp * 1_000 + lag + step + disturbances.latenessMs(trade);
  }

  function visibleTakers(timestamp: number, nowMs: number): readonly WorldTrade[] {
    const block = blockAt(timestamp);
    const settledMs = timestamp * 1_000 + settings.lagMsMax + settings.blockSpreadMs;
    if (nowMs >= settledMs && disturbances.version() === 0) return block.rows;
    const seen = block.rows.filter((trade, row) => visibleAtMs(block, row, trade) <= nowMs);
    return seen.length === block.rows.length ? block.rows : seen;
  }

  const isFresh = (timestamp: number, nowMs: number) => nowMs < timestamp * 1_000 + settings.enrichmentMs;

  function visible(timestamp: number, takerOnly: boolean, nowMs: number): WorldTrade[] {
    const takers = visibleTakers(timestamp, nowMs);
    if (takerOnly) return takers.toReversed();
    return takers.flatMap((taker) => [...makersOf(settings.seed, taker), taker]).reverse();
  }

  function renderedAt(timestamp: number, takerOnly: boolean, nowMs: number): RenderedBlock {
    const takers = visibleTakers(timestamp, nowMs);
    const key = { timestamp, takerOnly, fresh: isFresh(timestamp, nowMs), takers: takers.length };
    return rendered.of(key, () => visible(timestamp, takerOnly, nowMs));
  }

  const newestSeconds = (nowMs: number) => evenSecond(nowMs / 1_000);

  function page(query: FeedQuery, form: "v1" | "v2", nowMs: number): FeedPage {
    const collected = collectRows();
    const { limit, skip, before, takes, takerOnly } = query;
    let skipped = 0;
    const newest = Math.min(newestSeconds(nowMs), evenSecond(query.toSeconds), before?.timestamp ?? Infinity);
    const oldest = Math.max(startSeconds, query.fromSeconds);
    for (let timestamp = newest; timestamp >= oldest; timestamp -= BLOCK_SECONDS) {
      const isOlder = (trade: WorldTrade) => before?.timestamp !== timestamp || trade.place < before.place;
      if (form === "v2" && takes === null && skip === 0) {
        const block = renderedAt(timestamp, takerOnly, nowMs);
        const from = before?.timestamp === timestamp ? block.trades.findIndex(isOlder) : 0;
        if (from >= 0 && collected.addRun(block, from, limit)) return collected.page(true);
        continue;
      }
      const fresh = isFresh(timestamp, nowMs);
      for (const trade of visible(timestamp, takerOnly, nowMs)) {
        if (!isOlder(trade) || !(takes?.(trade) ?? true)) continue;
        if (skipped++ < skip) continue;
        if (collected.rows() === limit) return collected.page(true);
        collected.addRow(writer[form](trade, fresh, disturbances.tradeFlaw(trade)), trade);
      }
    }
    return collected.page(false);
  }

  return {
    writer,
    startSeconds,
    newestSeconds,
    servedSeconds(nowMs) {
      const newest = newestSeconds(nowMs);
      for (let timestamp = newest; timestamp > newest - QUIET_SECONDS_MAX; timestamp -= BLOCK_SECONDS)
        if (timestamp >= startSeconds && visibleTakers(timestamp, nowMs).length > 0) return timestamp;
      return newest - QUIET_SECONDS_MAX;
    },
    visible,
    page,
  };
}

const COMMA = Buffer.from(",");

/** Gathers rows for one answer: runs of rendered rows as they are, single rows as text. */
function collectRows() {
  const parts: Uint8Array[] = [];
  let rows = 0;
  let last: FeedPosition | null = null;
  const add = (part: Uint8Array, count: number, trade: WorldTrade | undefined) => {
    if (count === 0 || !trade) return;
    if (parts.length > 0) parts.push(COMMA);
    parts.push(part);
    rows += count;
    last = { timestamp: trade.timestamp, place: trade.place };
  };
  return {
    rows: () => rows,
    /** Adds rows of a block from a place on; true when the page is full and the block holds yet another row. */
    addRun(block: RenderedBlock, from: number, limit: number): boolean {
      const to = Math.min(block.trades.length, from + limit - rows);
      add(block.bytes(from, to), to - from, block.trades[to - 1]);
      return to < block.trades.length;
    },
    addRow: (text: string, trade: WorldTrade) => add(Buffer.from(text), 1, trade),
    page: (hasMore: boolean): FeedPage => ({ parts, rows, last, hasMore }),
  };
}

function evenSecond(seconds: number): number {
  return Math.floor(seconds / BLOCK_SECONDS) * BLOCK_SECONDS;
}

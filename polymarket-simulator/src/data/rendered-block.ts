import type { Disturbances } from "../world/disturbances.ts";
import type { WorldTrade } from "../world/trade-blocks.ts";
import { ROW_BYTES_MAX, type TradeRowWriter } from "./trade-rows.ts";

/** The rows of a block as text, newest first, ready to be cut out. */
export interface RenderedBlock {
  readonly trades: readonly WorldTrade[];
  /** Rows `from` to `to` (excluded) joined by commas. */
  bytes(from: number, to: number): Uint8Array;
}

/** What a rendering depends on: which rows are served and whether they were enriched. */
export interface RenderingKey {
  readonly timestamp: number;
  readonly takerOnly: boolean;
  readonly fresh: boolean;
  /** Taker rows served so far. They only ever become more, so their number says which. */
  readonly takers: number;
}

export interface RenderedBlocks {
  of(key: RenderingKey, trades: () => readonly WorldTrade[]): RenderedBlock;
  forget(): void;
}

const COMMA = ",".charCodeAt(0);
/** Text kept in memory; beyond it the oldest renderings go. */
const BYTES_KEPT_MAX = 48 * 1024 * 1024;

/** Renders blocks as v2 rows and keeps the renderings, because a feed is read over and over at its head. */
export function renderBlocks(writer: TradeRowWriter, disturbances: Disturbances): RenderedBlocks {
  const kept = new Map<string, { key: RenderingKey; block: RenderedBlock; size: number }>();
  let size = 0;
  let scratch = Buffer.allocUnsafeSlow(512 * ROW_BYTES_MAX);

  function render(trades: readonly WorldTrade[], fresh: boolean): { block: RenderedBlock; size: number } {
    const wanted = trades.length * ROW_BYTES_MAX;
    if (scratch.length < wanted) scratch = Buffer.allocUnsafeSlow(wanted);
    const starts = new Uint32Array(trades.length + 1);
    let end = 0;
    trades.forEach((trade, row) => {
      starts[row] = end;
      const flaw = disturbances.tradeFlaw(trade);
      if (flaw) end += scratch.write(writer.v2(trade, fresh, flaw), end, "latin1");
      else end = writer.writeV2(scratch, end, trade, fresh);
      scratch[end++] = COMMA;
    });
    starts[trades.length] = end;
    const bytes = Buffer.from(scratch.subarray(0, end));
    const startOf = (row: number) => starts[row] ?? end;
    return {
      block: {
        trades,
        bytes: (from, to) => bytes.subarray(startOf(from), Math.max(startOf(from), startOf(to) - 1)),
      },
      size: end,
    };
  }

  return {
    of(key, trades) {
      const name = `${key.timestamp} ${key.takerOnly}`;
      const known = kept.get(name);
      if (known && known.key.fresh === key.fresh && known.key.takers === key.takers) return known.block;
      if (known) size -= known.size;
      kept.delete(name);
      const made = render(trades(), key.fresh);
      kept.set(name, { key, ...made });
      size += made.size;
      for (const [oldest, { size: freed }] of kept) {
        if (size <= BYTES_KEPT_MAX) break;
        kept.delete(oldest);
        size -= freed;
      }
      return made.block;
    },
    forget() {
      kept.clear();
      size = 0;
    },
  };
}

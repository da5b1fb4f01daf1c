import type { RejectedRecord, TradeRow } from "@polytape/market-model";
import { malformed, readAs } from "../http/read-as.ts";
import { refusedCursor } from "../http/refused-cursor.ts";
import { isRejected } from "../http/rejected.ts";
import type { Upstream } from "../http/upstream.ts";
import type { TradePage, TradePageQuery } from "../polymarket-source.ts";
import { type PolymarketTradePage, polymarketTradePage } from "../wire/index.ts";
import { PAGED_WHOLE } from "./paged-whole.ts";
import { rejectedStretches } from "./rejected-stretches.ts";
import { toTradeRow } from "./to-trade-row.ts";

const PATH = "v2/trades";

/**
 * One page of the bare feed or of one market's by v2's stable cursor, newest first. The filters are sent again
 * with every cursor, because changing them silently re-anchors the walk.
 */
export async function readTradePageV2(
  upstream: Upstream,
  dataUrl: string,
  query: TradePageQuery,
): Promise<TradePage> {
  const filters: [string, string][] = [
    ["limit", String(query.limit)],
    ["taker_only", String(query.rowSet === "taker")],
  ];
  if (query.marketId !== undefined) filters.push(["condition", query.marketId]);
  if (query.cursor !== null) filters.push(["cursor", query.cursor]);
  const answer = await upstream
    .read({ endpoint: "trades", baseUrl: dataUrl, path: PATH, query: filters })
    .catch(refusedCursor(query.cursor));

  const page = readAs(polymarketTradePage, answer.json, PATH);
  const rows: TradeRow[] = [];
  const rejected: RejectedRecord[] = [];
  const records = page.data.map((raw) => toTradeRow(raw, answer.receivedAtMs));
  for (const record of records) {
    if (isRejected(record)) rejected.push(record);
    else rows.push(record);
  }
  const { receivedAtMs } = answer;
  const places = rejectedStretches(records, receivedAtMs);
  return {
    rows,
    rejected,
    rejectedStretches: places,
    nextCursor: nextCursor(page, query.cursor),
    receivedAtMs,
    ...PAGED_WHOLE,
  };
}

/** Null only at a stated end: a lost or a standing cursor would cut the feed or never end. */
function nextCursor({ pagination }: PolymarketTradePage, cursor: string | null): string | null {
  const next = pagination.next_cursor || null;
  if (pagination.has_more === false) return null;
  if (pagination.has_more === true && next === null) throw malformed(PATH, "more rows but no next_cursor");
  if (next !== null && next === cursor) throw malformed(PATH, "next_cursor does not move");
  return next;
}

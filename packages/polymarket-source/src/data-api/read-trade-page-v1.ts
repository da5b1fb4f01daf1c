import { hasCode, PolytapeError, type RejectedRecord, type TradeRow } from "@polytape/market-model";
import { readAs } from "../http/read-as.ts";
import { refusedCursor } from "../http/refused-cursor.ts";
import { isRejected } from "../http/rejected.ts";
import type { Upstream, UpstreamAnswer } from "../http/upstream.ts";
import type { TradePage, TradePageQuery } from "../polymarket-source.ts";
import { polymarketTradeListV1 } from "../wire/index.ts";
import { placeRows } from "./place-rows.ts";
import { rejectedStretches } from "./rejected-stretches.ts";
import { isRouteAbsent } from "./route-absent.ts";
import { readV1Cursor, type V1Place, writeV1Cursor } from "./v1-place.ts";
import { pastCap, takeWholeSeconds, type V1Step } from "./whole-seconds.ts";

const PATH = "trades";
/** As many as v2 gives. The upstream may silently give fewer. */
const ROWS_MAX = 1_000;
/** Below it v2 never serves a fill; v1 does unless told. Shares. */
const SIZE_MIN = "0.01";

/**
 * One page of v1, which serves a feed by offset only and is capped: a closed window below the last page, so
 * that the moving head cannot shift it, or pages of the head where the upstream knows no windows. Asks for full
 * pages whatever the query's limit: a second must fit into one. (design 7.2)
 */
export async function readTradePageV1(
  upstream: Upstream,
  dataUrl: string,
  query: TradePageQuery,
): Promise<TradePage> {
  const place = query.cursor === null ? null : readV1Cursor(query, query.cursor);
  const read = (at: V1Place | null) => readAnswer(upstream, dataUrl, query, at);
  try {
    return toPage(query, place, await read(place));
  } catch (error) {
    if (!place || !isBadRequest(error)) throw refusedRoute(query, error);
    if (place.offset > 0) return { ...pageOf(query, pastCap(place)), receivedAtMs: upstream.now() };
    if (!place.isWindowed) return refusedCursor(query.cursor)(error);
  }
  // The upstream takes no windows.
  const atHead = { ...place, isWindowed: false };
  return toPage(query, atHead, await read(atHead).catch(refusedCursor(query.cursor)));
}

/** Age of the newest row in whole seconds; null when the feed is empty. */
export async function readNewestRowAgeV1(upstream: Upstream, dataUrl: string) {
  const query: TradePageQuery = { rowSet: "taker", limit: ROWS_MAX, cursor: null };
  const { json, receivedAtMs } = await readAnswer(upstream, dataUrl, query, null);
  const newest = placeRows(readAs(polymarketTradeListV1, json, PATH), receivedAtMs)[0];
  const ageSeconds = newest ? Math.max(0, Math.ceil(receivedAtMs / 1_000 - newest.tsSeconds)) : null;
  return { ageSeconds, receivedAtMs };
}

function readAnswer(
  upstream: Upstream,
  dataUrl: string,
  { rowSet, marketId }: TradePageQuery,
  place: V1Place | null,
): Promise<UpstreamAnswer> {
  const parameters: [string, string][] = [
    ["limit", String(ROWS_MAX)],
    ["takerOnly", String(rowSet === "taker")],
    ["filterType", "TOKENS"],
    ["filterAmount", SIZE_MIN],
  ];
  if (marketId !== undefined) parameters.push(["market", marketId]);
  // It is not known whether `end` is included: one second more is asked for, and its rows are left out.
  if (place?.isWindowed) parameters.push(["start", "1"], ["end", String(place.second + 1)]);
  if (place && place.offset > 0) parameters.push(["offset", String(place.offset)]);
  return upstream.read({ endpoint: "trades", baseUrl: dataUrl, path: PATH, query: parameters });
}

function toPage(query: TradePageQuery, place: V1Place | null, answer: UpstreamAnswer): TradePage {
  const { json, receivedAtMs } = answer;
  const rows = placeRows(readAs(polymarketTradeListV1, json, PATH), receivedAtMs);
  const step = takeWholeSeconds(place, rows, receivedAtMs / 1_000);
  const records = step.taken.map(({ record }) => record);
  return {
    ...pageOf(query, step),
    rejectedStretches: rejectedStretches(records, receivedAtMs),
    receivedAtMs,
  };
}

function pageOf(query: TradePageQuery, { taken, next, cutSeconds, isCapped }: V1Step) {
  const rows: TradeRow[] = [];
  const rejected: RejectedRecord[] = [];
  for (const { record } of taken) {
    if (isRejected(record)) rejected.push(record);
    else rows.push(record);
  }
  const nextCursor = next && writeV1Cursor(query, next);
  return { rows, rejected, nextCursor, version: "v1" as const, cutSeconds, isCapped };
}

function isBadRequest(error: unknown): boolean {
  if (!hasCode(error, "upstream_refused")) return false;
  const { status } = error.facts;
  return status === 400 || status === 422;
}

/** A walk over v1 whose route is gone begins anew; without a cursor the error says what it is. */
function refusedRoute({ cursor }: TradePageQuery, error: unknown): unknown {
  if (cursor === null || !isRouteAbsent(error)) return error;
  return new PolytapeError("operating", "cursor_refused", "Polymarket no longer serves v1 trades.", {
    facts: { ...error.facts, version_changed: true },
    cause: error,
  });
}

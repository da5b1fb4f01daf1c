import type { Catalogue } from "../world/catalogue.ts";
import type { Ordering, SortField } from "./list-order.ts";
import type { ListQuery } from "./list-query.ts";

/** Numbers of markets (or of event leaders) in the order asked for, and where the next page starts. */
export interface Listing {
  readonly found: readonly number[];
  readonly nextCursor: string | null;
}

/** The page of an offset listing. */
export function listByOffset(
  query: ListQuery,
  ordering: Ordering,
  takes: (market: number) => boolean,
): readonly number[] {
  return collect(walk(query, ordering, null), takes, query.offset, query.limit);
}

/** The page of a keyset listing; null when the cursor is not one of ours. */
export function listByCursor(
  query: ListQuery,
  ordering: Ordering,
  takes: (market: number) => boolean,
): Listing | null {
  const position = query.afterCursor === null ? null : readCursor(query.afterCursor, query.order);
  if (query.afterCursor !== null && !position) return null;
  const found = collect(walk(query, ordering, position), takes, 0, query.limit + 1);
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  const more = found.length > page.length && last !== undefined;
  return { found: page, nextCursor: more ? writeCursor(query.order, ordering.keyOf(last), last) : null };
}

/** Whether a market is in a listing: by name, by state, by filters. */
export function takesMarket(
  query: ListQuery,
  catalogue: Catalogue,
  nowMs: number,
): (market: number) => boolean {
  return (market) =>
    (query.named?.has(market) ?? true) &&
    (query.closed === null || query.closed === isClosed(catalogue, market, nowMs)) &&
    query.accepts(market);
}

export function isClosed(catalogue: Catalogue, market: number, nowMs: number): boolean {
  return nowMs >= catalogue.lifetime(market).closedAtMs;
}

interface Position {
  readonly key: number;
  readonly market: number;
}

function* walk(query: ListQuery, ordering: Ordering, after: Position | null): Generator<number> {
  if (query.named && !after) {
    const place = (market: number) => ordering.placeOf(ordering.keyOf(market), market);
    const sorted = [...query.named].sort((a, b) => place(a) - place(b));
    yield* query.ascending ? sorted : sorted.reverse();
    return;
  }
  if (query.ascending) {
    const from = after ? ordering.placeOf(after.key, after.market + 1) : 0;
    for (let place = from; place < ordering.size; place++) yield ordering.marketAt(place);
    return;
  }
  const before = after ? ordering.placeOf(after.key, after.market) : ordering.size;
  for (let place = before - 1; place >= 0; place--) yield ordering.marketAt(place);
}

function collect(
  markets: Iterable<number>,
  takes: (market: number) => boolean,
  skip: number,
  limit: number,
): number[] {
  const found: number[] = [];
  if (limit === 0) return found;
  let skipped = 0;
  for (const market of markets) {
    if (!takes(market)) continue;
    if (skipped < skip) skipped++;
    else found.push(market);
    if (found.length >= limit) break;
  }
  return found;
}

function writeCursor(order: SortField, key: number, market: number): string {
  return Buffer.from(`${order}:${key}:${market}`).toString("base64url");
}

function readCursor(cursor: string, order: SortField): Position | null {
  const found = /^([a-zA-Z0-9]+):(-?[0-9.]+):([0-9]+)$/.exec(Buffer.from(cursor, "base64url").toString());
  if (!found || found[1] !== order) return null;
  return { key: Number(found[2]), market: Number(found[3]) };
}

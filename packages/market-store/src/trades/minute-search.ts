import { DAY_MS, type EpochMs, MINUTE_MS, windowStart } from "@polytape/market-model";
import type { TokenMinute } from "../market-store.ts";

/** Clauses and tokens in one search, far below the server's bounds (1,024 clauses, 65,536 terms). */
const STRETCHES_MAX = 200;
const TOKENS_MAX = 5_000;

/** A stretch of adjacent minutes within one day, and all tokens that ask for exactly it. */
export interface Stretch {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly assetIds: readonly string[];
}

/** What one search asks of one day's index. */
export interface MinuteSearch {
  readonly dayMs: EpochMs;
  readonly stretches: readonly Stretch[];
}

/**
 * Packs minutes of tokens into few searches that ask for nothing else: adjacent minutes of a token become a
 * stretch, tokens with the same stretch share a clause. The tail (many tokens, the last minutes) and a
 * rebuild (one token, a whole day) both end up as a few clauses.
 */
export function minuteSearches(minutes: readonly TokenMinute[]): MinuteSearch[] {
  const byStretch = new Map<string, { fromMs: EpochMs; toMs: EpochMs; assetIds: string[] }>();
  for (const [assetId, opens] of openTimesByToken(minutes)) {
    for (const { fromMs, toMs } of stretchesOf(opens)) {
      const key = `${fromMs}|${toMs}`;
      const stretch = byStretch.get(key) ?? { fromMs, toMs, assetIds: [] };
      stretch.assetIds.push(assetId);
      byStretch.set(key, stretch);
    }
  }
  const byDay = new Map<EpochMs, Stretch[]>();
  for (const stretch of byStretch.values()) {
    const dayMs = windowStart(stretch.fromMs, DAY_MS);
    const ofDay = byDay.get(dayMs);
    if (ofDay) ofDay.push(stretch);
    else byDay.set(dayMs, [stretch]);
  }
  return [...byDay].flatMap(([dayMs, stretches]) => searchesOfDay(dayMs, stretches));
}

function openTimesByToken(minutes: readonly TokenMinute[]): Map<string, Set<EpochMs>> {
  const byToken = new Map<string, Set<EpochMs>>();
  for (const { assetId, openTimeMs } of minutes) {
    const opens = byToken.get(assetId) ?? new Set();
    byToken.set(assetId, opens.add(windowStart(openTimeMs, MINUTE_MS)));
  }
  return byToken;
}

function stretchesOf(opens: ReadonlySet<EpochMs>): { fromMs: EpochMs; toMs: EpochMs }[] {
  const stretches: { fromMs: EpochMs; toMs: EpochMs }[] = [];
  for (const open of [...opens].sort((a, b) => a - b)) {
    const last = stretches.at(-1);
    if (last?.toMs === open && open % DAY_MS !== 0) last.toMs = open + MINUTE_MS;
    else stretches.push({ fromMs: open, toMs: open + MINUTE_MS });
  }
  return stretches;
}

function searchesOfDay(dayMs: EpochMs, stretches: readonly Stretch[]): MinuteSearch[] {
  const searches: MinuteSearch[] = [];
  let open: Stretch[] = [];
  let tokens = 0;
  for (const stretch of stretches.flatMap(cutTokens)) {
    if (open.length === STRETCHES_MAX || tokens + stretch.assetIds.length > TOKENS_MAX) {
      searches.push({ dayMs, stretches: open });
      open = [];
      tokens = 0;
    }
    open.push(stretch);
    tokens += stretch.assetIds.length;
  }
  return [...searches, { dayMs, stretches: open }];
}

function cutTokens(stretch: Stretch): Stretch[] {
  const pieces = Math.ceil(stretch.assetIds.length / TOKENS_MAX);
  return Array.from({ length: pieces }, (_, piece) => ({
    ...stretch,
    assetIds: stretch.assetIds.slice(piece * TOKENS_MAX, (piece + 1) * TOKENS_MAX),
  }));
}

/** The clauses of one search: taker rows of any of the stretches. */
export function minuteClauses(search: MinuteSearch): Record<string, unknown>[] {
  const any = search.stretches.map(({ fromMs, toMs, assetIds }) => ({
    bool: { filter: [{ terms: { asset_id: assetIds } }, { range: { ts: { gte: fromMs, lt: toMs } } }] },
  }));
  return [{ term: { row_set: "taker" } }, { bool: { should: any, minimum_should_match: 1 } }];
}

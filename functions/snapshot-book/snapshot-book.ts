import type { JobReport } from "@polytape/function-runtime";
import {
  type CoverageInterval,
  cutBook,
  DAY_MS,
  type EpochMs,
  hasCode,
  type ObservedBook,
  PolytapeError,
} from "@polytape/market-model";
import {
  BOOKS_CHECKPOINT,
  booksCheckpointState,
  type MarketStore,
  type StoreVersion,
} from "@polytape/market-store";
import type { BookAnswer, PolymarketSource } from "@polytape/polymarket-source";
import { compareBooks, forgetTokens, type LastBooks } from "./compare-books.ts";

export interface SnapshotBookDeps {
  readonly source: Pick<PolymarketSource, "readBooks">;
  readonly store: Pick<MarketStore, "markets" | "books" | "checkpoints" | "coverage" | "rejections">;
  readonly levelsMax: number;
  readonly marketsMax: number;
  /** Follow these tokens instead of the most active markets. */
  readonly assetIds: readonly string[] | null;
  now(): EpochMs;
  /** Once aborted, no further tokens are asked for. */
  readonly signal: AbortSignal;
}

/** Tokens that are read and stored at once: whole books are large, what is kept of them is not. */
const TOKENS_AT_ONCE = 200;
/** How long, and how many, tokens are remembered that are no longer followed. */
const KEEP_TOKENS_MS = DAY_MS;
const KEEP_TOKENS_MAX = 3_000;

/**
 * Looks at the order books of the followed tokens and stores the top levels of those that changed.
 *
 * May run again at any moment: a book's documents are named by token and book time, an unchanged book costs
 * none, and an older one changes nothing. What was seen is written last, in one guarded write: after a crash
 * the same books are stored once more under the same names.
 */
export async function snapshotBook(deps: SnapshotBookDeps): Promise<JobReport> {
  const { store, signal } = deps;
  const followed = deps.assetIds ?? (await mostActiveTokens(store, deps.marketsMax));
  const checkpoint = await store.checkpoints.read(BOOKS_CHECKPOINT);
  let lastBooks = checkpoint === null ? {} : lastBooksOf(checkpoint.state);

  const tally = startTally();
  let unread = followed.length;
  while (unread > 0 && !signal.aborted) {
    const tokens = followed.slice(followed.length - unread).slice(0, TOKENS_AT_ONCE);
    const seen = await lookAt(deps, tokens, lastBooks, tally);
    if (seen === null) break;
    lastBooks = seen;
    unread -= tokens.length;
  }

  const report = { tokens: followed.length, unread, ...tally };
  if (unread === followed.length) return report;
  const isKept = await rememberBooks(deps, lastBooks, checkpoint?.version ?? null);
  return isKept ? report : { ...report, overlapped: true };
}

interface Tally {
  stored: number;
  repeated: number;
  unchanged: number;
  older: number;
  unverified: number;
  rejected: number;
  missing: number;
}

function startTally(): Tally {
  return { stored: 0, repeated: 0, unchanged: 0, older: 0, unverified: 0, rejected: 0, missing: 0 };
}

/** Reads the tokens' books, stores what changed, and tells what is known of them now; null when the time is up. */
async function lookAt(
  { source, store, levelsMax }: SnapshotBookDeps,
  tokens: readonly string[],
  known: LastBooks,
  tally: Tally,
): Promise<LastBooks | null> {
  const answer = await readInTime(source, tokens);
  if (answer === null) return null;
  const { books, rejected, missing } = answer;
  const { changed, unchanged, older, lastBooks } = compareBooks(books, known);
  const { stored, repeated } = await keepChanged(store, changed, levelsMax);
  if (rejected.length > 0) await store.rejections.keepSamples(rejected);

  tally.stored += stored;
  tally.repeated += repeated;
  tally.unchanged += unchanged;
  tally.older += older;
  tally.unverified += books.filter((book) => !book.verified).length;
  tally.rejected += rejected.length;
  tally.missing += missing.length;
  return lastBooks;
}

async function readInTime(
  source: SnapshotBookDeps["source"],
  tokens: readonly string[],
): Promise<BookAnswer | null> {
  try {
    return await source.readBooks(tokens);
  } catch (error) {
    if (hasCode(error, "call_aborted")) return null;
    throw error;
  }
}

/** False when another run has looked meanwhile: what it remembers is as good. */
async function rememberBooks(
  { store, now }: SnapshotBookDeps,
  lastBooks: LastBooks,
  replaces: StoreVersion | null,
): Promise<boolean> {
  const bounds = { nowMs: now(), keepMs: KEEP_TOKENS_MS, tokensMax: KEEP_TOKENS_MAX };
  try {
    await store.checkpoints.write(BOOKS_CHECKPOINT, { tokens: forgetTokens(lastBooks, bounds) }, replaces);
    return true;
  } catch (error) {
    if (hasCode(error, "store_conflict")) return false;
    throw error;
  }
}

async function mostActiveTokens(store: SnapshotBookDeps["store"], marketsMax: number): Promise<string[]> {
  const markets = await store.markets.mostActiveMarkets(marketsMax);
  const assetIds = markets.flatMap(({ outcomes }) => outcomes.flatMap(({ assetId }) => assetId ?? []));
  return [...new Set(assetIds)];
}

async function keepChanged(
  store: SnapshotBookDeps["store"],
  changed: readonly (ObservedBook & { readonly previousSeenAtMs: EpochMs | null })[],
  levelsMax: number,
): Promise<{ stored: number; repeated: number }> {
  if (changed.length === 0) return { stored: 0, repeated: 0 };
  const result = await store.books.storeBooks(changed.map((book) => cutBook(book, levelsMax)));
  const doubtful = changed.filter((book) => !book.verified);
  if (doubtful.length > 0) await store.coverage.recordIntervals(doubtful.map(unverifiedInterval));
  return result;
}

/** From the last moment the token's book was known: what happened since then can't be trusted. */
function unverifiedInterval(
  book: ObservedBook & { readonly previousSeenAtMs: EpochMs | null },
): CoverageInterval {
  return {
    stream: "books",
    marketId: book.marketId,
    assetId: book.assetId,
    fromMs: Math.min(book.previousSeenAtMs ?? book.tsMs, book.observedAtMs - 1),
    toMs: book.observedAtMs,
    state: "partial",
    cause: "hash_mismatch",
    evidence: { hash: book.hash, ts_ms: book.tsMs },
  };
}

/** Throws `checkpoint_malformed`: silently starting anew would hide who wrote it. */
function lastBooksOf(state: unknown): LastBooks {
  const outcome = booksCheckpointState.safeParse(state);
  if (outcome.success) return outcome.data.tokens;
  throw new PolytapeError(
    "operating",
    "checkpoint_malformed",
    `The checkpoint ${BOOKS_CHECKPOINT} has a shape that this version does not know.`,
    { cause: outcome.error },
  );
}

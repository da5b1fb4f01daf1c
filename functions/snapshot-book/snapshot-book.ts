import { type JobReport, withReport } from "@polytape/function-runtime";
import { cutBook, DAY_MS, type EpochMs, hasCode, PolytapeError } from "@polytape/market-model";
import {
  BOOKS_CHECKPOINT,
  type BookCollision,
  type BooksCheckpointState,
  booksCheckpointState,
  type MarketStore,
  type StoreVersion,
} from "@polytape/market-store";
import type { BookAnswer, PolymarketSource } from "@polytape/polymarket-source";
import { type ChangedBook, compareBooks, forgetTokens, type LastBooks } from "./compare-books.ts";
import { collidedIntervals, unverifiedInterval, withoutCollided } from "./doubtful-books.ts";

export interface SnapshotBookDeps {
  readonly source: Pick<PolymarketSource, "readBooks">;
  readonly store: Pick<MarketStore, "markets" | "books" | "checkpoints" | "coverage" | "rejections" | "room">;
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
 * the same books are stored once more under the same names. When time runs out, the next run begins with the
 * tokens that were left. While the store is short of disk or has too much to do no book is read: what is left is
 * for trades.
 */
export async function snapshotBook(deps: SnapshotBookDeps): Promise<JobReport> {
  const room = await deps.store.room.look();
  if (room.shortOf !== null) return { skipped: `the store is short of ${room.shortOf}`, reason: room.reason };
  const tally = startTally();
  try {
    return await lookAtAll(deps, tally);
  } catch (error) {
    throw withReport(error, { ...tally });
  }
}

async function lookAtAll(deps: SnapshotBookDeps, tally: Tally): Promise<JobReport> {
  const { store, signal } = deps;
  const wanted = deps.assetIds ?? (await mostActiveTokens(store, deps.marketsMax));
  const checkpoint = await store.checkpoints.read(BOOKS_CHECKPOINT);
  const known = checkpoint === null ? NOTHING_KNOWN : stateOf(checkpoint.state);
  const followed = unreadFirst(wanted, known.unread);
  let lastBooks = known.tokens;

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
  const state = { tokens: lastBooks, unread: followed.slice(followed.length - unread) };
  const isKept = await rememberBooks(deps, state, checkpoint?.version ?? null);
  return isKept ? report : { ...report, overlapped: true };
}

const NOTHING_KNOWN: BooksCheckpointState = { tokens: {}, unread: [] };

/** Else the same tokens would be left every time: the most active ones always stand first. */
function unreadFirst(wanted: readonly string[], unread: readonly string[]): string[] {
  const isWanted = new Set(wanted);
  return [...new Set([...unread.filter((assetId) => isWanted.has(assetId)), ...wanted])];
}

interface Tally {
  stored: number;
  repeated: number;
  collided: number;
  unchanged: number;
  older: number;
  unverified: number;
  rejected: number;
  missing: number;
}

function startTally(): Tally {
  return {
    stored: 0,
    repeated: 0,
    collided: 0,
    unchanged: 0,
    older: 0,
    unverified: 0,
    rejected: 0,
    missing: 0,
  };
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
  const { stored, repeated, collided } = await keepChanged(store, changed, levelsMax);
  if (rejected.length > 0) await store.rejections.keepSamples(rejected);

  tally.stored += stored;
  tally.repeated += repeated;
  tally.collided += collided.length;
  tally.unchanged += unchanged;
  tally.older += older;
  tally.unverified += books.filter((book) => !book.verified).length;
  tally.rejected += rejected.length;
  tally.missing += missing.length;
  return withoutCollided(lastBooks, known, collided);
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
  { tokens, unread }: BooksCheckpointState,
  replaces: StoreVersion | null,
): Promise<boolean> {
  const bounds = { nowMs: now(), keepMs: KEEP_TOKENS_MS, tokensMax: KEEP_TOKENS_MAX };
  try {
    const state: BooksCheckpointState = { tokens: forgetTokens(tokens, bounds), unread };
    await store.checkpoints.write(BOOKS_CHECKPOINT, { ...state }, replaces);
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
  changed: readonly ChangedBook[],
  levelsMax: number,
): Promise<{ stored: number; repeated: number; collided: readonly BookCollision[] }> {
  if (changed.length === 0) return { stored: 0, repeated: 0, collided: [] };
  const result = await store.books.storeBooks(changed.map((book) => cutBook(book, levelsMax)));
  const doubtful = changed.filter((book) => !book.verified).map(unverifiedInterval);
  doubtful.push(...collidedIntervals(changed, result.collided));
  if (doubtful.length > 0) await store.coverage.recordIntervals(doubtful);
  return result;
}

/** Throws `checkpoint_malformed`: silently starting anew would hide who wrote it. */
function stateOf(state: unknown): BooksCheckpointState {
  const outcome = booksCheckpointState.safeParse(state);
  if (outcome.success) return outcome.data;
  throw new PolytapeError(
    "operating",
    "checkpoint_malformed",
    `The checkpoint ${BOOKS_CHECKPOINT} has a shape that this version does not know.`,
    { cause: outcome.error },
  );
}

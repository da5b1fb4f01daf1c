import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { entryValue, isDeletion } from "./bucket.ts";
import { onStatus } from "./connection.ts";
import { reconcile } from "./reconcile.ts";
import { type BucketState, checkWatch, readBucketState } from "./watch-check.ts";

interface Listener {
  readonly entry: (key: string, value: unknown | null) => void;
  readonly ready: () => void;
}

interface WatchState {
  stopped: boolean;
  ready: boolean;
  /** When the bucket was made whose revisions these are. */
  made: string;
  /** What the listener was told: key → revision. */
  known: Map<string, number>;
  /** The newest revision that was heard of. */
  revision: number;
}

type Watch = Awaited<ReturnType<KV["watch"]>>;

/** Pause before a watch that ended or could not be started is started again. */
const AGAIN_AFTER_MS = 250;
/** A listing that has not ended after this is started anew. */
const LISTED_WITHIN_MS = 5_000;

/**
 * Follows a bucket for ever. Every connection begins with a listing that is compared with what the listener
 * was told before: so it hears of what was written and deleted while the server was away, also when the
 * server forgot the deletion itself. So does every watch that has gone deaf on a standing connection, within
 * some seconds. Returns a stop function, after which nothing more is said.
 */
export async function watchBucket(
  connection: NatsConnection,
  kv: KV,
  listener: Listener,
): Promise<() => void> {
  const state: WatchState = { stopped: false, ready: false, made: "", known: new Map(), revision: 0 };
  let current: Watch | null = null;
  const stopListening = onStatus(connection, (type) => {
    if (type === "reconnect") current?.stop();
  });

  void (async () => {
    while (!state.stopped && !connection.isClosed()) {
      try {
        const bucket = await readBucketState(kv);
        beginWith(bucket, state);
        current = await kv.watch();
        const stopChecking = checkWatch(
          kv,
          () => ({ made: state.made, revision: state.revision, keys: state.known.size }),
          () => current?.stop(),
        );
        if (!state.stopped)
          await follow(current, listener, state, bucket.messages === 0).finally(stopChecking);
        else stopChecking();
      } catch {
        // The server is away or has not read its streams yet: asked again below.
      }
      current?.stop();
      if (!state.stopped && !connection.isClosed())
        await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    }
  })();

  return () => {
    state.stopped = true;
    stopListening();
    current?.stop();
  };
}

/** Revisions of another bucket of the same name mean nothing: then every entry is told anew. */
function beginWith({ made, lastRevision }: BucketState, state: WatchState): void {
  if (made !== state.made) state.known = new Map([...state.known.keys()].map((key) => [key, NO_REVISION]));
  state.made = made;
  state.revision = lastRevision;
}

const NO_REVISION = -1;

/** One listing and the changes after it, until the watch ends. */
async function follow(watch: Watch, listener: Listener, state: WatchState, isEmpty: boolean): Promise<void> {
  const listing = new Map<string, { value: unknown; revision: number }>();
  let listed = false;
  const tooSlow = setTimeout(() => watch.stop(), LISTED_WITHIN_MS);

  const finishListing = (): void => {
    if (listed || state.stopped) return;
    listed = true;
    clearTimeout(tooSlow);
    const { changed, deleted, known } = reconcile(state.known, listing);
    state.known = known;
    for (const [key, value] of changed) listener.entry(key, value);
    for (const key of deleted) listener.entry(key, null);
    if (!state.ready) listener.ready();
    state.ready = true;
  };

  try {
    // An empty bucket sends nothing, not even an end of the listing.
    if (isEmpty) finishListing();
    for await (const entry of watch) {
      if (state.stopped) return;
      state.revision = Math.max(state.revision, entry.revision);
      if (!listed) {
        if (isDeletion(entry)) listing.delete(entry.key);
        else listing.set(entry.key, { value: entryValue(entry), revision: entry.revision });
        if (entry.isUpdate || entry.delta === 0) finishListing();
      } else if (isDeletion(entry)) {
        if (state.known.delete(entry.key)) listener.entry(entry.key, null);
      } else {
        state.known.set(entry.key, entry.revision);
        listener.entry(entry.key, entryValue(entry));
      }
    }
  } finally {
    clearTimeout(tooSlow);
  }
}

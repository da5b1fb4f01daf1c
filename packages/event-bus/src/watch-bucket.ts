import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { entryValue, isDeletion } from "./bucket.ts";
import { onStatus } from "./connection.ts";
import { reconcile } from "./reconcile.ts";

interface Listener {
  readonly entry: (key: string, value: unknown | null) => void;
  readonly ready: () => void;
}

type Watch = Awaited<ReturnType<KV["watch"]>>;

/** Pause before a watch that ended or could not be started is started again. */
const AGAIN_AFTER_MS = 250;
/** A listing that has not ended after this is started anew. */
const LISTED_WITHIN_MS = 5_000;

/**
 * Follows a bucket for ever. Every connection begins with a listing that is compared with what the listener
 * was told before: so it hears of what was written and deleted while the server was away, also when the
 * server forgot the deletion itself. Returns a stop function, after which nothing more is said.
 */
export async function watchBucket(
  connection: NatsConnection,
  kv: KV,
  listener: Listener,
): Promise<() => void> {
  const state = { stopped: false, ready: false, known: new Map<string, number>() };
  let current: Watch | null = null;
  const stopListening = onStatus(connection, (type) => {
    if (type === "reconnect") current?.stop();
  });

  void (async () => {
    while (!state.stopped && !connection.isClosed()) {
      try {
        current = await kv.watch();
        if (!state.stopped) await follow(kv, current, listener, state);
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

/** One listing and the changes after it, until the watch ends. */
async function follow(
  kv: KV,
  watch: Watch,
  listener: Listener,
  state: { stopped: boolean; ready: boolean; known: Map<string, number> },
): Promise<void> {
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
    void isEmpty(kv).then((empty) => {
      if (empty) finishListing();
    });
    for await (const entry of watch) {
      if (state.stopped) return;
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

async function isEmpty(kv: KV): Promise<boolean> {
  try {
    return (await kv.status()).values === 0;
  } catch {
    return false;
  }
}

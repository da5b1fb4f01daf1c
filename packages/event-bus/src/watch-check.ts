import type { KV } from "@nats-io/kv";

/** How often the bucket is asked whether a watch still hears of it. */
const CHECK_EVERY_MS = 1_000;
/** A change may be on its way while the bucket is asked: only what stays unheard counts. */
const DOUBTS_MAX = 2;

/** The bucket behind a watch, by what tells it from another one of the same name. */
export interface BucketState {
  /** When the bucket was made, as the server says it. */
  readonly made: string;
  readonly lastRevision: number;
  /** Entries and markers of deletions. */
  readonly messages: number;
}

export async function readBucketState(kv: KV): Promise<BucketState> {
  const { streamInfo } = await kv.status();
  const { last_seq: lastRevision, messages } = streamInfo.state;
  return { made: streamInfo.created, lastRevision, messages };
}

/** What a watch has told so far. */
export interface Heard {
  readonly made: string;
  readonly revision: number;
  readonly keys: number;
}

/**
 * Calls back once when a watch has gone deaf although the connection stands: the bucket was deleted and made
 * anew or restored, was purged, or its changes do not arrive. Returns a stop function.
 */
export function checkWatch(kv: KV, heard: () => Heard, onDeaf: () => void): () => void {
  let doubts = 0;
  let timer: NodeJS.Timeout | null = null;

  const check = async (): Promise<void> => {
    // A server that does not answer is away, which the connection notices by itself.
    const bucket = await readBucketState(kv).catch(() => null);
    if (timer === null) return;
    if (bucket !== null) doubts = isUnheard(bucket, heard()) ? doubts + 1 : 0;
    if (doubts >= DOUBTS_MAX) onDeaf();
    else timer = setTimeout(check, CHECK_EVERY_MS).unref();
  };

  timer = setTimeout(check, CHECK_EVERY_MS).unref();
  return () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
}

/** A bucket holds a message for each key that is known, unless somebody took messages away unsaid. */
function isUnheard(bucket: BucketState, heard: Heard): boolean {
  return bucket.made !== heard.made || bucket.lastRevision > heard.revision || bucket.messages < heard.keys;
}

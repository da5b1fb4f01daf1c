import { PolytapeError, type RowSet } from "@polytape/market-model";
import type { BucketName, EventBus, HeldDeadLetter, KeyValueBucket, TouchedWindow } from "./event-bus.ts";
import { inMemoryBucket } from "./in-memory-bucket.ts";
import type { BusState } from "./inspect.ts";
import { cutIntoMessages, tradesStoredSubject } from "./trades-stored.ts";

export interface RecordedMessage {
  readonly subject: string;
  /** As JSON carries it. */
  readonly data: unknown;
  readonly messageId: string | null;
}

/** An event bus that remembers instead of sending, for the tests of whoever uses one. */
export interface InMemoryBus extends EventBus {
  /** Every message in order, those of `trades.stored.>` included; repeats of a message id are left out. */
  readonly messages: readonly RecordedMessage[];
  /** What was said by `publishTradesStored`, one entry a call. */
  readonly tradesStored: readonly { rowSet: RowSet; windows: readonly TouchedWindow[] }[];
  /** From now on every call throws this error; null heals. */
  failWith(error: PolytapeError | null): void;
  /** What `isConnected` answers; buckets tell their watchers nothing meanwhile, and all of it at reconnection. */
  setConnected(connected: boolean): void;
  /** What `inspect` answers from now on; nothing is there at first. */
  showState(state: BusState): void;
}

/** Consumers are not simulated: whoever takes messages is tested on a real server. */
export function inMemoryBus(): InMemoryBus {
  const messages: RecordedMessage[] = [];
  const tradesStored: { rowSet: RowSet; windows: readonly TouchedWindow[] }[] = [];
  let deadLetters: HeldDeadLetter[] = [];
  let lastSequence = 0;
  const buckets = new Map<BucketName, ReturnType<typeof inMemoryBucket>>();
  let failure: PolytapeError | null = null;
  let connected = true;
  let state: BusState = { streams: [], schedules: [] };

  const check = (): void => {
    if (failure !== null) throw failure;
  };
  const record = (subject: string, data: unknown, messageId: string | null): void => {
    check();
    if (messageId !== null && messages.some((message) => message.messageId === messageId)) return;
    messages.push({ subject, data: JSON.parse(JSON.stringify(data)), messageId });
  };
  const removeLetter = (sequence: number): boolean => {
    const before = deadLetters.length;
    deadLetters = deadLetters.filter((each) => each.sequence !== sequence);
    return deadLetters.length < before;
  };
  const lettersOf = (functionName: string | undefined): HeldDeadLetter[] =>
    deadLetters.filter((letter) => functionName === undefined || letter.functionName === functionName);
  const bucketOf = (name: BucketName): ReturnType<typeof inMemoryBucket> => {
    const bucket = buckets.get(name) ?? inMemoryBucket(check, () => connected);
    buckets.set(name, bucket);
    return bucket;
  };

  return {
    messages,
    tradesStored,
    failWith: (error) => {
      failure = error;
    },
    setConnected: (now) => {
      connected = now;
      if (now) for (const bucket of buckets.values()) bucket.tellWatchers();
    },
    publishTradesStored: async (rowSet, windows, age = "live") => {
      const cut = cutIntoMessages(windows);
      for (const message of cut) record(tradesStoredSubject(rowSet, age), message, null);
      tradesStored.push({ rowSet, windows });
      return { messages: cut.length };
    },
    publish: async (subject, data, options) => record(subject, data, options?.messageId ?? null),
    consume: async () => {
      throw new PolytapeError(
        "bug",
        "not_simulated",
        "The in-memory bus delivers nothing; use a real server.",
      );
    },
    publishDeadLetter: async (letter) => {
      check();
      if (deadLetters.some((each) => each.id === letter.id)) return;
      lastSequence += 1;
      deadLetters.push({ ...letter, sequence: lastSequence });
    },
    listDeadLetters: async ({ functionName, limit }) => {
      check();
      const letters = lettersOf(functionName).slice(0, limit);
      return letters.map(({ sequence: _, ...letter }) => letter);
    },
    readDeadLetters: async function* ({ functionName }) {
      check();
      yield* lettersOf(functionName);
    },
    replayDeadLetter: async (letter) => {
      record(letter.subject, parsed(letter.data), `replay:${letter.id}:${letter.sequence}`);
      removeLetter(letter.sequence);
    },
    removeDeadLetter: async ({ sequence }) => {
      check();
      return removeLetter(sequence);
    },
    bucket: async (name): Promise<KeyValueBucket> => {
      check();
      return bucketOf(name).bucket;
    },
    showState: (shown) => {
      state = shown;
    },
    inspect: async () => {
      check();
      return state;
    },
    isConnected: () => connected,
    serverVersion: () => (connected ? "2.0.0" : null),
    close: async () => {
      connected = false;
    },
  };
}

/** As a reader of the message would see it; text that is no JSON stays text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

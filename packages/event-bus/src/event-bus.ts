import type { EpochMs, RowSet } from "@polytape/market-model";
import type { BusState } from "./inspect.ts";

/** Which minutes of a token got trades. */
export interface TouchedWindow {
  readonly marketId: string;
  readonly assetId: string;
  /** Starts of minutes, epoch ms. */
  readonly minutesMs: readonly EpochMs[];
}

/** Whether trades were stored as they were made, or brought in later. */
export type TradeAge = "live" | "past";

/** A message taken from a stream, to be answered exactly once. */
export interface BusMessage {
  readonly subject: string;
  readonly streamSequence: number;
  /** Times delivered, this one included. */
  readonly deliveries: number;
  readonly data: Uint8Array;
  readonly publishedAtMs: EpochMs;
  acknowledge(): Promise<void>;
  /** Deliver again after the delay. */
  retryAfter(delayMs: number): void;
  /** Still at work: extends the acknowledgement deadline. */
  extend(): void;
  /** Never deliver again. */
  terminate(reason: string): void;
}

export interface DeadLetter {
  /** Identifies the dead letter: `<function>:<stream sequence>`. */
  readonly id: string;
  readonly functionName: string;
  readonly subject: string;
  readonly data: string;
  readonly deliveries: number;
  /** Last HTTP status; null when there was no answer. */
  readonly status: number | null;
  readonly reason: string;
  readonly diedAtMs: EpochMs;
}

/** A dead letter with its place among them. */
export interface HeldDeadLetter extends DeadLetter {
  readonly sequence: number;
}

/** A bucket of small JSON values with a live view of its changes. */
export interface KeyValueBucket {
  get(key: string): Promise<{ value: unknown; revision: number } | null>;
  /** `expected`: last revision known, 0 for "must not exist", undefined for "whatever is there". Throws `bus_conflict`. */
  put(key: string, value: unknown, expected?: number): Promise<number>;
  delete(key: string): Promise<void>;
  keys(): Promise<string[]>;
  /** All present entries first, then `ready()`, then each change (value null: deleted). Resubscribes by itself. Returns a stop function. */
  watch(on: { entry: (key: string, value: unknown | null) => void; ready: () => void }): Promise<() => void>;
}

/**
 * The tape's nerves. The only place that knows NATS: streams, subjects, schedules, key-value buckets.
 * A publish returns only after the server has it on disk. Reconnects by itself, for ever.
 *
 * Throws PolytapeError, kind `operating`: `bus_unavailable`, `bus_refused` (stream full or missing),
 * `bus_conflict`.
 */
export interface EventBus {
  /**
   * On `trades.stored.<row set>`, or `trades.stored.<row set>.past` for what was read long after it happened;
   * cut into messages of at most 64 KiB. Default `live`.
   */
  publishTradesStored(
    rowSet: RowSet,
    windows: readonly TouchedWindow[],
    age?: TradeAge,
  ): Promise<{ messages: number }>;
  /** Any subject that a stream holds; `messageId` makes a repeat within the stream's window one message. */
  publish(subject: string, data: unknown, options?: { messageId?: string }): Promise<void>;
  /**
   * Starts a durable pull consumer; made if missing. A message is taken from the stream only when one of
   * `concurrencyMax` calls is free, so what waits stays in the stream, where a newer tick replaces it.
   * The callback gets one to `batchMax` messages and answers each; unanswered ones come again.
   */
  consume(
    query: ConsumerQuery,
    onMessages: (messages: readonly BusMessage[]) => Promise<void>,
  ): Promise<Consumption>;
  /** Its id makes a repeat within a day one letter. */
  publishDeadLetter(letter: DeadLetter): Promise<void>;
  /** Oldest first. */
  listDeadLetters(query: { functionName?: string; limit: number }): Promise<DeadLetter[]>;
  /** All that were there when the reading began, oldest first; each may be replayed or removed meanwhile. */
  readDeadLetters(query: { functionName?: string }): AsyncIterable<HeldDeadLetter>;
  /**
   * Publishes the letter's message on its subject again, as it was, and removes the letter once that is
   * acknowledged. Repeats within the stream's window are one message. Every consumer of the subject gets it.
   * Throws `bus_refused` when the stream is full or there is none any more; then the letter stays.
   */
  replayDeadLetter(letter: HeldDeadLetter): Promise<void>;
  /** False when it is gone already. */
  removeDeadLetter(letter: HeldDeadLetter): Promise<boolean>;
  bucket(name: BucketName): Promise<KeyValueBucket>;
  /** What streams, consumers and schedules hold right now. */
  inspect(): Promise<BusState>;
  isConnected(): boolean;
  /** Of the server that is connected; null while none is. */
  serverVersion(): string | null;
  close(): Promise<void>;
}

export type BucketName = "api_keys" | "api_usage";

export interface ConsumerQuery {
  /** Durable name; the function's. */
  readonly name: string;
  /** Subject filter; the stream that holds it is found. */
  readonly subject: string;
  /** Callbacks running at once. */
  readonly concurrencyMax: number;
  /** Messages given to one callback: as many as are there now, at most so many. */
  readonly batchMax: number;
  readonly acknowledgeWithinMs: number;
  /** Told of what went wrong while taking messages (server away, stream missing) and of a callback that threw. */
  readonly onTrouble?: (error: unknown) => void;
}

export interface Consumption {
  /** Messages not delivered yet, asked of the server. */
  waiting(): Promise<number>;
  /** Takes no more messages and resolves when the running callbacks have ended. */
  drain(): Promise<void>;
}

export interface BusSettings {
  /** One URL or several of one cluster, comma separated. */
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Shown in the server's connection list. */
  readonly clientName: string;
  /** How long the first connection may take; `Infinity` waits for the server for ever. Default 5 s. */
  readonly connectWithinMs?: number | undefined;
}

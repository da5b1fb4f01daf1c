import type { EpochMs } from "@polytape/market-model";
import type { BookShelf, MarketStore } from "../market-store.ts";
import type { Room } from "../room/store-room.ts";
import { storeUnavailable } from "../store-errors.ts";
import type { StoreState } from "../upkeep/store-state.ts";
import { inMemoryCheckpoints, inMemoryRejections } from "./bookkeeping.ts";
import { inMemoryBooks, type LoseBookSide } from "./books.ts";
import { inMemoryCandles } from "./candles.ts";
import { inMemoryCoverage } from "./coverage.ts";
import { inMemoryMarkets, type MarketHistory } from "./markets.ts";
import { inMemoryRefusals, type WriteRefusal } from "./refusals.ts";
import { inMemoryRetention, type ShelfOfIndices } from "./retention.ts";
import { inMemoryTrades } from "./trades.ts";
import { inMemoryUpkeep } from "./upkeep.ts";

type Family =
  | "markets"
  | "trades"
  | "candles"
  | "books"
  | "checkpoints"
  | "coverage"
  | "rejections"
  | "retention"
  | "room";

/** A call that can be made to fail: `"trades.createTrades"`. */
export type StoreCall = { [F in Family]: `${F}.${keyof MarketStore[F] & string}` }[Family];

export interface InMemoryStore extends MarketStore {
  /**
   * Makes the next call fail with `store_unavailable` (or the given error), before it had any effect, or
   * with `afterEffect` when its effect is there but the answer is lost. Said twice: fails twice.
   */
  failNext(call: StoreCall, options?: { error?: Error; afterEffect?: boolean }): void;
  /** Makes every write fail from now on, as a store without room does; null: no more. */
  refuseWrites(refusal: WriteRefusal | null): void;
  /** What a look at the room answers from now on, as long as writes are taken. */
  showRoom(room: Room): void;
  /** What `retention` finds and deletes. */
  readonly shelf: ShelfOfIndices;
  /** What `inspect` and `versions` answer from now on. */
  showState(state: StoreState): void;
  /** Takes one side's document of a book away, as a crash between two shards could. */
  loseBookSide: LoseBookSide;
  /** Observed versions of a market, oldest first. */
  marketHistory: MarketHistory;
}

interface PlannedFailure {
  readonly error: Error;
  readonly afterEffect: boolean;
}

/**
 * A store that behaves like the real one (versions, conflicts, repeats, filters) and keeps everything in
 * this process. What it was given is copied, so that nobody can change it from outside.
 */
export function inMemoryStore(options: { now?: () => EpochMs } = {}): InMemoryStore {
  const now = options.now ?? Date.now;
  const failures = new Map<string, PlannedFailure[]>();
  const checkpoints = inMemoryCheckpoints();
  const { history, ...markets } = inMemoryMarkets(now);
  const { retention, shelf } = inMemoryRetention();
  const { room, showRoom, refuseWrites, checkCall } = inMemoryRefusals();
  const upkeep = inMemoryUpkeep();
  const { loseSide, ...books } = inMemoryBooks(checkpoints);

  function guarded<T extends object>(family: Family, calls: T): T {
    return new Proxy(calls, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          const call = `${family}.${String(name)}`;
          checkCall(call);
          const failure = failures.get(call)?.shift();
          if (failure && !failure.afterEffect) throw failure.error;
          const answer: unknown = await Reflect.apply(method, target, args);
          if (failure) throw failure.error;
          return structuredClone(answer);
        };
      },
    });
  }

  const store: InMemoryStore = {
    markets: guarded("markets", markets),
    trades: guarded("trades", inMemoryTrades(now)),
    candles: guarded("candles", inMemoryCandles(now)),
    books: guarded<BookShelf>("books", books),
    checkpoints: guarded("checkpoints", checkpoints),
    coverage: guarded("coverage", inMemoryCoverage(now)),
    rejections: guarded("rejections", inMemoryRejections()),
    retention: guarded("retention", retention),
    room: guarded("room", room),
    backups: upkeep.backups,
    inspect: async () => upkeep.state(),
    async versions() {
      const { version, schemaVersion } = upkeep.state();
      return { version, schemaVersion };
    },
    showState: upkeep.show,
    health: async () => ({ status: "green", tookMs: 0 }),
    // Nothing here takes long enough to be given up.
    cancelledBy: () => store,
    close: async () => {},
    failNext(call, { error = storeUnavailable(new Error("made to fail")), afterEffect = false } = {}) {
      failures.set(call, [...(failures.get(call) ?? []), { error, afterEffect }]);
    },
    refuseWrites,
    showRoom,
    shelf,
    loseBookSide: loseSide,
    marketHistory: history,
  };
  return store;
}

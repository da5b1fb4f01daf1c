import { backfillTrades } from "@polytape/backfill-trades";
import { buildCandles } from "@polytape/build-candles/build-candles.ts";
import { inMemoryBus } from "@polytape/event-bus/in-memory";
import { collectTrades } from "@polytape/ingest-trades/collect-trades.ts";
import { CANDLE_INTERVALS, PolytapeError } from "@polytape/market-model";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { z } from "zod";
import type { Dice } from "./dice.ts";
import type { StoryClock, TroubledUpstream } from "./troubled-upstream.ts";

/** Age after which no more rows appear below the head, in these stories. */
export const SETTLE_SECONDS = 300;

/** How a process ends before its time. */
export interface Fate {
  /** The last side effect that it has, counted from 1; infinity: it lives. */
  readonly dieAtEffect: number;
  /** Whether that effect still happens. */
  readonly effectHappens: boolean;
  /** Its time is up before this request, counted from 1. */
  readonly abortAtRequest: number;
}

export const LIVES: Fate = {
  dieAtEffect: Number.POSITIVE_INFINITY,
  effectHappens: true,
  abortAtRequest: Number.POSITIVE_INFINITY,
};

export type Outcome = Readonly<Record<string, unknown>>;

export interface Machine {
  readonly store: ReturnType<typeof inMemoryStore>;
  /** Messages on `trades.stored.taker` and `.past` that nobody has acknowledged yet. */
  readonly waiting: unknown[];
  collect(fate?: Fate, pagesMax?: number): Promise<Outcome>;
  /** How far the live tail is, by its checkpoint; an anchor of 0 is none. */
  tape(): Promise<{ anchorSeconds: number; coveredFromSeconds: number | null }>;
  /** Takes the job that waits longest, or is the tick; or asks for what is named. */
  backfill(fate?: Fate, request?: { from: string; to: string }): Promise<Outcome>;
  /** Takes some waiting messages, in any order; they wait on unless the call ends well. */
  buildCandles(fate?: Fate): Promise<Outcome>;
}

const backfillJob = z.union([
  z.object({ backfill: z.string(), position: z.string() }),
  z.object({ from: z.string(), to: z.string(), request_id: z.string() }),
]);

const tapeState = z.object({
  anchor: z.object({ tsSeconds: z.int() }).nullable(),
  coveredFromSeconds: z.int().nullable(),
});

const CRASH = new Error("the process is gone");

/** As of the stream of jobs. */
const DUPLICATE_WINDOW_MS = 600_000;

const EFFECTS: readonly string[] = [
  "createTrades",
  "keepSamples",
  "write",
  "recordIntervals",
  "publishTradesStored",
  "publish",
  "writeCandles",
];

/**
 * A store and a bus that outlive the processes, and the functions as processes: each call gets fresh parts, and
 * may be killed at any of its side effects, or run out of time at any of its requests.
 */
export function aMachine(
  upstream: TroubledUpstream,
  clock: StoryClock,
  dice: Dice,
  settleEverySeconds = 60,
): Machine {
  const store = inMemoryStore({ now: clock.now });
  const bus = inMemoryBus();
  const waiting: unknown[] = [];
  const jobs: z.output<typeof backfillJob>[] = [];
  const sentAtMs = new Map<string, number>();
  let taken = 0;
  const silent = { info: () => {}, warn: () => {}, error: () => {} };

  /** Others get their turn before each call, so that two processes meet in ever new orders. */
  async function giveWay(): Promise<void> {
    for (let turns = dice.whole(0, 3); turns > 0; turns -= 1) await Promise.resolve();
  }

  function mortal(fate: Fate) {
    let effects = 0;
    let isDead = false;
    return <T extends object>(calls: T): T =>
      new Proxy(calls, {
        get(target, name) {
          const call: unknown = Reflect.get(target, name);
          if (typeof call !== "function") return call;
          return async (...args: unknown[]) => {
            await giveWay();
            if (isDead) throw CRASH;
            const isLast = EFFECTS.includes(String(name)) && ++effects === fate.dieAtEffect;
            if (isLast) isDead = true;
            if (isLast && !fate.effectHappens) throw CRASH;
            const result: unknown = await Reflect.apply(call, target, args);
            if (isLast) throw CRASH;
            return result;
          };
        },
      });
  }

  function parts(fate: Fate) {
    const guard = mortal(fate);
    const controller = new AbortController();
    let requests = 0;
    const onRequest = () => {
      requests += 1;
      if (requests >= fate.abortAtRequest) controller.abort();
    };
    const { signal } = controller;
    return {
      source: guard(upstream.connect({ signal, onRequest })),
      store: {
        trades: guard(store.trades),
        checkpoints: guard(store.checkpoints),
        coverage: guard(store.coverage),
        rejections: guard(store.rejections),
        markets: guard(store.markets),
        candles: guard(store.candles),
        room: store.room,
      },
      bus: guard({ publishTradesStored: bus.publishTradesStored, publish: sendJob }),
      pause: async (ms: number) => clock.advance(ms),
      now: clock.now,
      signal,
      log: silent,
    };
  }

  /** Like the server, it forgets message ids after a while: then the same job may be sent again. */
  const sendJob: typeof bus.publish = async (_subject, data, options) => {
    const id = options?.messageId ?? "";
    if (clock.now() - (sentAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < DUPLICATE_WINDOW_MS) return;
    sentAtMs.set(id, clock.now());
    jobs.push(backfillJob.parse(data));
  };

  function takeMessages(): void {
    for (const { subject, data } of bus.messages.slice(taken))
      if (subject === "trades.stored.taker" || subject === "trades.stored.taker.past") waiting.push(data);
    taken = bus.messages.length;
  }

  return {
    store,
    waiting,
    async tape() {
      const { anchor, coveredFromSeconds } = tapeState.parse(
        (await store.checkpoints.read("trades:live"))?.state ?? { anchor: null, coveredFromSeconds: null },
      );
      return { anchorSeconds: anchor?.tsSeconds ?? 0, coveredFromSeconds };
    },
    collect: (fate = LIVES, pagesMax = 4) =>
      ended(
        collectTrades({
          ...parts(fate),
          feed: { name: "live", rowSet: "taker", isWhole: true },
          budget: { pagesMax, batchRowsMax: 60 },
          settle: {
            afterSeconds: SETTLE_SECONDS,
            everySeconds: settleEverySeconds,
            pagesMax: 10,
            upstreamLagSecondsMax: 60,
          },
        }),
      ),
    async backfill(fate = LIVES, request) {
      takeMessages();
      const job = request ? undefined : jobs.shift();
      const outcome = await ended(
        backfillTrades(
          {
            ...parts(fate),
            bounds: { backfillDays: 1, retentionDays: 90 },
            settleSeconds: SETTLE_SECONDS,
            budget: { pagesMax: 6, batchPages: 2 },
          },
          request ?? job ?? {},
        ),
      );
      if (job && !isDone(outcome)) jobs.push(job);
      return outcome;
    },
    async buildCandles(fate = LIVES) {
      takeMessages();
      const batch = Array.from({ length: Math.min(16, waiting.length) }, () => {
        const [message] = waiting.splice(dice.whole(0, waiting.length - 1), 1);
        return message;
      });
      if (batch.length === 0) return { built: "nothing" };
      const outcome = await ended(
        buildCandles(
          { ...parts(fate), intervals: CANDLE_INTERVALS, settleMs: SETTLE_SECONDS * 1_000 },
          batch,
        ),
      );
      // What was acknowledged may still be delivered again.
      if (!isDone(outcome) || dice.happens(0.05)) waiting.push(...batch);
      return outcome;
    },
  };
}

function isDone(outcome: Outcome): boolean {
  return outcome["died"] === undefined && outcome["failed"] === undefined;
}

/** A process may die or meet a failing server; anything else is a fault of the program. */
async function ended(run: Promise<Outcome | null>): Promise<Outcome> {
  try {
    return (await run) ?? {};
  } catch (error) {
    if (error === CRASH) return { died: true };
    if (error instanceof PolytapeError && error.kind === "operating") return { failed: error.code };
    throw error;
  }
}

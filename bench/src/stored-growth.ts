import { buildCandles } from "@polytape/build-candles/build-candles.ts";
import {
  CANDLE_INTERVALS,
  DAY_MS,
  type EpochMs,
  HOUR_MS,
  MINUTE_MS,
  PolytapeError,
} from "@polytape/market-model";
import type { PolymarketConnection } from "@polytape/polymarket-source";
import type { BenchGround } from "./bench-ground.ts";
import { candleMessages } from "./candle-messages.ts";
import { candlesOfDay } from "./candles-and-books.ts";
import { type Effort, effortOf } from "./effort.ts";
import type { Aim, JudgedFigure } from "./figure.ts";
import { connectUnlimited, tickInProcess, warmFeed } from "./in-process-tick.ts";
import { sendBodies } from "./raw-bulk.ts";
import { dropScratchStore, openScratchStore, type ScratchStore } from "./scratch-store.ts";
import { figureOfPairs, takeTurns } from "./turns.ts";
import { waitForMerges } from "./wait-for-merges.ts";
import { bodiesOfDay } from "./week-of-trades.ts";
import { letWorldGoOn } from "./world.ts";

/** Trades stored before the ticks; the first is what the others are compared with. */
const LEVELS = [100_000, 1_000_000, 5_000_000] as const;
const DAYS = 7;
const MARKETS = 5_000;
/** Candles are stored beside them, days of single tokens, so that their index grows too. */
const TRADES_A_CANDLE = 10;
/** The world's last day ends at 18:00, its last 36 minutes being the simulator's own. */
const LAST_DAY_HOURS = 17;
/** About 100 new trades. */
const ADVANCE_MS = 5_000;
const PLAN = { rounds: 25, warmUps: 5, enoughAfterMs: 120_000 };

interface Grown {
  readonly trades: number;
  readonly scratch: ScratchStore;
}

interface Work {
  readonly tick: Effort;
  readonly quiet: Effort;
  readonly candles: Effort;
}

/**
 * The same ticks and the same candle batches over stores that hold 0.1, 1 and 5 million trades of seven days,
 * side by side on one server: each round gives every store the same new trades, in an order that rotates.
 */
export async function measureGrowth(ground: BenchGround, storedMax: number): Promise<JudgedFigure[]> {
  const source = connectUnlimited(ground);
  const stores: Grown[] = [];
  for (const trades of LEVELS.filter((level) => level <= storedMax))
    stores.push({ trades, scratch: await filledStore(ground, trades) });
  if (stores.length < 2)
    throw new PolytapeError("input", "nothing_to_compare", "BENCH_STORED_MAX must be 1000000 or more.");
  for (const { scratch } of stores) await tickInProcess(ground, { source, scratch, pagesMax: 2 });
  await waitForMerges(ground);

  const rounds = await takeTurns(PLAN, async (round) => {
    await letWorldGoOn(ground, ADVANCE_MS);
    await warmFeed(source, 1);
    const works = new Map<number, Work>();
    for (let place = 0; place < stores.length; place += 1) {
      const grown = stores[(round + place) % stores.length];
      if (grown) works.set(grown.trades, await workOn(ground, source, grown.scratch));
    }
    return works;
  });
  for (const { scratch } of stores) await dropScratchStore(ground, scratch);
  return stores.slice(1).flatMap(({ trades }) => figuresOf(trades, rounds));
}

/** A tick with new trades, the candles that it touched, a tick with nothing new. */
async function workOn(
  ground: BenchGround,
  source: PolymarketConnection,
  scratch: ScratchStore,
): Promise<Work> {
  const tick = await tickInProcess(ground, { source, scratch, pagesMax: 20 });
  const messages = candleMessages(tick.windows);
  const deps = {
    store: scratch.store,
    intervals: CANDLE_INTERVALS,
    settleMs: 600_000,
    now: Date.now,
    signal: AbortSignal.timeout(120_000),
  };
  const candles = await effortOf(ground, () => buildCandles(deps, messages));
  const quiet = await tickInProcess(ground, { source, scratch, pagesMax: 20 });
  const isMeant =
    tick.report["walk"] === "closed" &&
    quiet.report["walk"] === "quiet" &&
    Number(candles.result["written"]) > 0;
  if (!isMeant)
    throw new PolytapeError(
      "bug",
      "other_tick",
      `Not what was meant: ${JSON.stringify([tick.report, quiet.report, candles.result])}`,
    );
  return { tick: tick.effort, quiet: quiet.effort, candles: candles.effort };
}

const STEADY: Aim = { words: "ratio ≤ 1.2", isReached: ({ ratio }) => (ratio ?? 0) <= 1.2 };

function figuresOf(trades: number, rounds: readonly ReadonlyMap<number, Work>[]): JudgedFigure[] {
  const pairs = (of: (work: Work) => Effort) =>
    rounds.flatMap((works) => {
      const [value, ceiling] = [works.get(trades), works.get(LEVELS[0])];
      return value && ceiling ? [{ value: of(value).wallMs, ceiling: of(ceiling).wallMs }] : [];
    });
  const over = `over ${trades / 1_000_000} million trades, to 0.1 million`;
  const named = (what: string) => ({ name: `${what} ${over}`, unit: "ms" });
  return [
    figureOfPairs(
      named("tick with nothing new"),
      pairs(({ quiet }) => quiet),
      STEADY,
    ),
    figureOfPairs(
      named("tick with 100 new trades"),
      pairs(({ tick }) => tick),
      STEADY,
    ),
    figureOfPairs(
      named("candles of 100 trades"),
      pairs(({ candles }) => candles),
      STEADY,
    ),
  ];
}

async function filledStore(ground: BenchGround, trades: number): Promise<ScratchStore> {
  const scratch = await openScratchStore(ground, `grown-${trades}`);
  const startedMs = performance.now();
  const lastDayMs = Math.floor(ground.worldEndMs / DAY_MS) * DAY_MS;
  for (let day = 0; day < DAYS; day += 1) {
    const dayMs: EpochMs = lastDayMs - day * DAY_MS;
    const lengthMs = day === 0 ? LAST_DAY_HOURS * HOUR_MS : DAY_MS;
    const plan = { trades: Math.round(trades / DAYS), markets: MARKETS, lengthMs };
    await sendBodies(ground, bodiesOfDay(scratch.names.tradesOfDay(dayMs), dayMs, plan));
  }
  const tokenDays = Math.ceil(trades / TRADES_A_CANDLE / (DAY_MS / MINUTE_MS));
  for (let place = 0; place < tokenDays; place += 1) {
    const dayMs = lastDayMs - (place % DAYS) * DAY_MS;
    await scratch.store.candles.writeCandles(candlesOfDay(1 + Math.floor(place / DAYS), dayMs));
  }
  const { tradesPattern, candles } = scratch.names;
  await ground.server.request({ method: "POST", path: `/${tradesPattern},${candles}/_refresh` });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  ground.tell(
    `  ${trades.toLocaleString("en-US")} trades and a tenth as many candles filled in within ${seconds} s`,
  );
  return scratch;
}

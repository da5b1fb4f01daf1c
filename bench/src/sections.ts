import { DAY_MS, PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { measureBackfill } from "./backfill-rate.ts";
import type { BenchGround } from "./bench-ground.ts";
import { measureCandles } from "./candle-rate.ts";
import { measureRebuild } from "./candle-rebuild.ts";
import { storeCandlesAndBooks } from "./candles-and-books.ts";
import type { JudgedFigure } from "./figure.ts";
import { measureIndexChoices } from "./index-choices/index-choices.ts";
import { measureIngest } from "./ingest-rate.ts";
import { callEveryFunction, measureMemory } from "./process-memory.ts";
import { measureQuietTick } from "./quiet-tick.ts";
import { measureReads } from "./read-latency.ts";
import { measureReadLoad } from "./read-load/read-load.ts";
import { readQuestions } from "./read-questions.ts";
import { measureGrowth } from "./stored-growth.ts";
import { measureTickCost } from "./tick-cost.ts";
import { measureBytes } from "./trade-bytes.ts";
import { ASKED_MARKET, marketOf, storeWeek, WEEK_TRADES } from "./week-of-trades.ts";

/** What is measured in one go; each stands alone, in this order where several run. */
export interface Section {
  readonly name: string;
  readonly about: string;
  measure(ground: BenchGround): Promise<readonly JudgedFigure[]>;
}

const settingsSchema = z.object({
  /** Names of sections, comma-separated; all without it. */
  ONLY: z
    .string()
    .default("")
    .transform((list) => list.split(",").flatMap((name) => name.trim() || [])),
  /** Trades in the largest store of `stored-growth` (1000000 or 5000000) and in the one of `read-load`. */
  BENCH_STORED_MAX: z.coerce.number().int().min(50_000).max(20_000_000).optional(),
});

const GROWN_DEFAULT = 1_000_000;
const READ_DEFAULT = 500_000;

/** Which sections the environment asks for. Throws `unknown_section` (input), naming those there are. */
export function chosenSections(environment: Readonly<Record<string, string | undefined>>): Section[] {
  const settings = settingsSchema.safeParse(environment);
  if (!settings.success)
    throw new PolytapeError("input", "settings_refused", z.prettifyError(settings.error));
  const { ONLY: only, BENCH_STORED_MAX: storedMax } = settings.data;
  const all = allSections(storedMax ?? GROWN_DEFAULT, storedMax ?? READ_DEFAULT);
  const unknown = only.filter((name) => !all.some((section) => section.name === name));
  if (unknown.length > 0) {
    const known = all.map(({ name }) => name).join(", ");
    throw new PolytapeError("input", "unknown_section", `ONLY=${unknown.join(",")} is none of: ${known}.`);
  }
  return only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
}

function allSections(storedMax: number, readTrades: number): Section[] {
  return [
    { name: "store-and-build", about: "trades stored, candles made of them, bytes", measure: storeAndBuild },
    {
      name: "backfill-rate",
      about: "trades stored by the backfill, against raw bulk",
      measure: measureBackfill,
    },
    { name: "candle-rebuild", about: "candles of a range rebuilt, against reading", measure: measureRebuild },
    { name: "tick-cost", about: "ticks with 0, 100 and 5,000 new trades", measure: measureTickCost },
    {
      name: "stored-growth",
      about: `ticks over 0.1 to ${storedMax / 1_000_000} million stored trades`,
      measure: (ground) => measureGrowth(ground, storedMax),
    },
    {
      name: "reads",
      about: `reads, over ${WEEK_TRADES.toLocaleString("en-US")} trades of seven days`,
      measure: reads,
    },
    {
      name: "read-load",
      about: `every endpoint under load, over ${readTrades / 1_000_000} million trades of 2,000 markets`,
      measure: (ground) => measureReadLoad(ground, readTrades),
    },
    {
      name: "index-choices",
      about: "bytes and reads of indices made otherwise than by the templates",
      measure: measureIndexChoices,
    },
    { name: "quiet-tick", about: "ticks with nothing new, and memory at the end", measure: quietTicks },
  ];
}

async function storeAndBuild(ground: BenchGround): Promise<JudgedFigure[]> {
  const ingested = await measureIngest(ground);
  const candles = await measureCandles(ground, ingested);
  const bytes = await measureBytes(ground, ingested);
  await ingested.store.close();
  return [...ingested.figures, candles, bytes];
}

async function reads(ground: BenchGround): Promise<JudgedFigure[]> {
  const { worldEndMs, store } = ground;
  const dayMs = Math.floor(worldEndMs / DAY_MS) * DAY_MS - DAY_MS;
  await store.markets.storeMarkets([marketOf(ASKED_MARKET, dayMs + DAY_MS)], dayMs + DAY_MS);
  await storeWeek(ground, worldEndMs);
  await storeCandlesAndBooks(ground, dayMs);
  return measureReads(ground, readQuestions(ground, dayMs));
}

async function quietTicks(ground: BenchGround): Promise<JudgedFigure[]> {
  await callEveryFunction(ground);
  const ticks = await measureQuietTick(ground);
  return [...ticks, ...measureMemory(ground)];
}

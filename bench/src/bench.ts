import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findRepository } from "@polytape/local";
import { DAY_MS, PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "./bench-ground.ts";
import { measureCandles } from "./candle-rate.ts";
import { storeCandlesAndBooks } from "./candles-and-books.ts";
import { asJson, type JudgedFigure } from "./figure.ts";
import { measureIngest } from "./ingest-rate.ts";
import { callEveryFunction, measureMemory } from "./process-memory.ts";
import { measureQuietTick } from "./quiet-tick.ts";
import { measureReads } from "./read-latency.ts";
import { readQuestions } from "./read-questions.ts";
import { startGround } from "./start-ground.ts";
import { table } from "./table.ts";
import { measureBytes } from "./trade-bytes.ts";
import { askedMarket, storeWeek, WEEK_TRADES } from "./week-of-trades.ts";

const tell = (line: string) => void process.stdout.write(`${line}\n`);

/** Starts a stack, measures, shows a table, keeps the same as JSON, and stops what it started. */
async function main(): Promise<void> {
  const startedMs = performance.now();
  tell("starting a stack of its own");
  const ground = await startGround(tell);
  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= ground.stop();
    return stopping;
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void stop().finally(() => process.exit(130)));
  try {
    const figures = await measureAll(ground);
    const file = join(findRepository(), "bench", "out", "latest.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, asJson(figures));
    tell(`\n${table(figures)}\n`);
    tell(`${((performance.now() - startedMs) / 1_000).toFixed(0)} s; the same as JSON: ${file}`);
  } finally {
    await stop();
  }
}

async function measureAll(ground: BenchGround): Promise<JudgedFigure[]> {
  const { worldEndMs } = ground;
  tell("trades stored, against raw bulk");
  const ingested = await measureIngest(ground);
  tell("candles made from them");
  const candles = await measureCandles(ground, ingested);
  tell("bytes per trade");
  const bytes = await measureBytes(ground, ingested);
  await ingested.store.close();

  tell(`reads, over ${WEEK_TRADES.toLocaleString("en-US")} trades of seven days`);
  const dayMs = Math.floor(worldEndMs / DAY_MS) * DAY_MS - DAY_MS;
  await ground.store.markets.storeMarkets([askedMarket(dayMs + DAY_MS)], dayMs + DAY_MS);
  await storeWeek(ground, worldEndMs);
  await storeCandlesAndBooks(ground, dayMs);
  const reads = await measureReads(ground, readQuestions(ground, dayMs));

  tell("ticks with nothing new");
  await callEveryFunction(ground);
  const ticks = await measureQuietTick(ground);
  return [...ingested.figures, candles, bytes, ...reads, ...ticks, ...measureMemory(ground)];
}

main().catch((error: unknown) => {
  const reason =
    error instanceof PolytapeError ? `${error.message} ${String(error.cause ?? "")}` : String(error);
  process.stderr.write(`bench: ${reason}\n`);
  process.exitCode = 1;
});

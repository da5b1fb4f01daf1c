import { setTimeout as pause } from "node:timers/promises";
import { PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "./bench-ground.ts";
import { below, figure, type JudgedFigure } from "./figure.ts";
import { percentile } from "./statistics.ts";
import { letWorldGoOn } from "./world.ts";

const TICKS = 60;
/** Rows of the bare request: about what a tick asks for after the walks below. */
const ROWS = 100;
const WALKS_WITHIN_MS = 60_000;

/**
 * A tick of ingest-trades that finds nothing new, through the gateway, against the one upstream request that
 * it cannot do without. The simulated world stands still, so nothing new can come.
 */
export async function measureQuietTick(ground: BenchGround): Promise<JudgedFigure[]> {
  await walkUntilQuiet(ground);
  // A few seconds of trades, so that the next ticks ask for as many rows as on an ordinary day.
  await letWorldGoOn(ground, 5_000);
  await walkUntilQuiet(ground);

  const ticks: number[] = [];
  const bare: number[] = [];
  for (let tick = 0; tick < TICKS; tick += 1) {
    ticks.push(await timed(() => runTick(ground)));
    bare.push(await timed(() => readHead(ground)));
  }
  return [0.5, 0.99].map((part) =>
    figure(
      {
        name: `tick with nothing new, p${part * 100}`,
        unit: "ms",
        value: percentile(ticks, part),
        ceiling: percentile(bare, part),
      },
      below(100, "ms"),
    ),
  );
}

async function walkUntilQuiet(ground: BenchGround): Promise<void> {
  const untilMs = performance.now() + WALKS_WITHIN_MS;
  let report = await runTick(ground);
  for (; !report.includes('"walk":"quiet"'); report = await runTick(ground)) {
    if (performance.now() > untilMs)
      throw new PolytapeError("operating", "never_quiet", `The feed does not come to rest: ${report}`);
    await pause(100);
  }
}

async function runTick({ stack, http }: BenchGround): Promise<string> {
  const { status, text } = await http.send({
    url: `${stack.urls.gateway}/function/ingest-trades`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  if (status === 200) return text;
  throw new PolytapeError("operating", "tick_failed", `ingest-trades answered ${status}: ${text}`);
}

async function readHead({ stack, http }: BenchGround): Promise<void> {
  await http.send({
    url: `${stack.urls.simulator}/data/v2/trades?limit=${ROWS}&taker_only=true`,
    method: "GET",
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

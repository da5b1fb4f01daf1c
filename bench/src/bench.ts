import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import { findRepository } from "@polytape/local";
import { PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "./bench-ground.ts";
import { asJson, type JudgedFigure } from "./figure.ts";
import { chosenSections, type Section } from "./sections.ts";
import { startGround } from "./start-ground.ts";
import { table } from "./table.ts";

const tell = (line: string) => void process.stdout.write(`${line}\n`);

/** Starts a stack, measures what is asked for, shows a table, keeps the same as JSON, and stops what it started. */
async function main(): Promise<void> {
  const startedMs = performance.now();
  const sections = chosenSections(readEnvironment());
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
    const figures = await measureAll(ground, sections);
    const file = join(findRepository(), "bench", "out", "latest.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, asJson(figures));
    tell(`\n${table(figures)}\n`);
    tell(`${((performance.now() - startedMs) / 1_000).toFixed(0)} s; the same as JSON: ${file}`);
  } finally {
    await stop();
  }
}

async function measureAll(ground: BenchGround, sections: readonly Section[]): Promise<JudgedFigure[]> {
  const figures: JudgedFigure[] = [];
  for (const { name, about, measure } of sections) {
    tell(`${name}: ${about}`);
    const startedMs = performance.now();
    figures.push(...(await measure(ground)));
    tell(`  ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`);
  }
  return figures;
}

main().catch((error: unknown) => {
  const reason =
    error instanceof PolytapeError ? `${error.message} ${String(error.cause ?? "")}` : String(error);
  process.stderr.write(`bench: ${reason}\n`);
  process.exitCode = 1;
});

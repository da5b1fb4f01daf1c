import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import { findRepository } from "../repository.ts";
import { add, countReport, NOTHING, type Tally, tallyLine } from "./count-results.ts";

/**
 * Everything that `make test` runs, one after the other; a failure does not keep the rest from running. Each
 * check counts as one test. The last line is the tally, the exit code says whether anything failed.
 *   run-tests.cjs [check|unit|recorded|house-rules|integration|end-to-end …]     default: all
 */
const PROJECTS = ["unit", "house-rules", "recorded", "integration", "end-to-end"];
/** These use no servers and are quick together. */
const TOGETHER = ["unit", "house-rules", "recorded"];

async function main(wanted: readonly string[]): Promise<number> {
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
  let tally = NOTHING;
  if (isWanted("check")) {
    tally = add(tally, await check("types", ["tsc", "-p", "."]));
    tally = add(tally, await check("lint and format", ["biome", "check", "--error-on-warnings", "."]));
  }
  const groups = [
    TOGETHER.filter(isWanted),
    ...PROJECTS.filter((name) => !TOGETHER.includes(name) && isWanted(name)).map((name) => [name]),
  ];
  for (const group of groups) if (group.length > 0) tally = add(tally, await runProjects(group));
  process.stdout.write(`${tallyLine(tally)}\n`);
  return tally.failed === 0 ? 0 : 1;
}

async function check(name: string, command: string[]): Promise<Tally> {
  const startedMs = performance.now();
  const hasPassed = (await run(command)) === 0;
  const took = ((performance.now() - startedMs) / 1_000).toFixed(1);
  process.stdout.write(`${hasPassed ? "✓" : "✗"} ${name} ${took} s\n`);
  return hasPassed ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
}

async function runProjects(names: readonly string[]): Promise<Tally> {
  const folder = join(root, "node_modules/.cache/polytape");
  const file = join(folder, `test-${names.join("-")}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(file, { force: true });
  const exitCode = await run([
    ...[
      "vitest",
      "run",
      "--passWithNoTests",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
    ],
    ...names.flatMap((name) => ["--project", name]),
  ]);
  return countReport(readReport(file), exitCode);
}

function readReport(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined; // The run left none; that is counted as a failure.
  }
}

function run([program = "", ...args]: readonly string[]): Promise<number | null> {
  const child = spawn(join(root, "node_modules/.bin", program), args, {
    cwd: root,
    env: { ...readEnvironment() },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", (code) => resolve(code));
  });
}

const root = findRepository();
main(process.argv.slice(2)).then((code) => process.exit(code));

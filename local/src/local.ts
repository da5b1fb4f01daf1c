import { readEnvironment } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { down } from "./commands/down.ts";
import { logs } from "./commands/logs.ts";
import { runInStack } from "./commands/run-in-stack.ts";
import { status } from "./commands/status.ts";
import { up } from "./commands/up.ts";
import type { HomePaths } from "./home-paths.ts";
import { homesBelow, isRunning, runningHome } from "./homes.ts";
import { findRepository } from "./repository.ts";
import { findHome, planStack } from "./stack-plan.ts";
import { readSupervisorRecord } from "./supervisor/records.ts";
import { supervise } from "./supervisor/supervise.ts";

/**
 * The local profile as a program: `up`, `down`, `status`, `logs [name]`, `run PROGRAM …` (with the stack's
 * environment), `homes` (folders with data, for `make clean`), and `supervise` (what `up` starts in the
 * background).
 */
async function main([command, ...args]: string[]): Promise<number> {
  const environment = readEnvironment();
  const repository = findRepository();
  const tell = (line: string) => process.stdout.write(`${line}\n`);
  switch (command) {
    case "up":
      await up(planStack(repository, environment), textsOf(environment), tell);
      return 0;
    case "down":
      await downAll(homesBelow(findHome(repository, environment)), tell);
      return 0;
    case "status":
      return tellStatus(findHome(repository, environment), tell);
    case "logs":
      return logs(runningHome(findHome(repository, environment)), args[0]);
    case "run":
      return runInStack(runningHome(findHome(repository, environment)), environment, args);
    case "homes":
      for (const { home } of homesBelow(findHome(repository, environment))) tell(home);
      return 0;
    case "supervise":
      return (await supervise(planStack(repository, environment), stopSignal())) ? 0 : 1;
    default:
      throw new PolytapeError("input", "usage", "Usage: up | down | status | logs [name] | run PROGRAM …");
  }
}

/** The operator's stack and demonstrations of the same checkout. */
async function downAll(homes: HomePaths[], tell: (line: string) => void): Promise<void> {
  const stopped: boolean[] = [];
  for (const home of homes) stopped.push(await down(home, tell));
  if (!stopped.includes(true)) tell("It was not running.");
}

/** That nothing runs is an answer, not a fault; 1 only for a stack that is not whole. */
function tellStatus(base: HomePaths, tell: (line: string) => void): number {
  const found = runningHome(base);
  const ended = homesBelow(base).find(({ run }) => readSupervisorRecord(run) !== null);
  // A record that make down did not remove: that stack ended by itself, or never came up.
  if (isRunning(found) || ended) return status(isRunning(found) ? found : (ended ?? base), tell) ? 0 : 1;
  const homes = homesBelow(base).map(({ home }) => home);
  tell(`Nothing runs; data are kept in ${homes.join(", ")}. Start it with make up or make demo.`);
  return 0;
}

function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => stopping.abort());
  return stopping.signal;
}

function textsOf(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, text]) => (text ? [[name, text]] : [])),
  );
}

for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosedReader);

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`polytape: ${explain(error)}\n`);
    process.exit(1);
  },
);

/** `status | head -1`: who reads no further has seen enough, and the work goes on. */
function ignoreClosedReader(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Our own errors speak for themselves; of a bug the place matters. */
function explain(error: unknown): string {
  if (error instanceof PolytapeError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

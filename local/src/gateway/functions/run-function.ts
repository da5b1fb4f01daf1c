import { join } from "node:path";
import { executionTimeoutMs, type Log } from "@polytape/function-runtime";
import { restartDelayMs, STEADY_AFTER_MS } from "./restart-delay.ts";
import { openRotatingLog } from "./rotating-log.ts";
import type { StagedFunction } from "./stage-function.ts";
import { type Endpoint, type Host, startHost } from "./start-host.ts";

/** A deployed function: one process, started again when it ends, and what the watchdog counts. */
export interface RunningFunction {
  readonly staged: StagedFunction;
  /** `exec_timeout` of the stack, for one call. */
  readonly executionMs: number;
  /** `max_inflight` of the stack; 0 means no bound. */
  readonly inflightMax: number;
  readonly createdAtMs: number;
  /** Written by whoever calls the function. */
  readonly calls: { inflight: number; total: number };
  /** Null while no process listens. */
  endpoint(): Endpoint | null;
  pid(): number | null;
  restarts(): number;
  /** Settles when the first process listens or has ended without ever listening. */
  readonly attempted: Promise<void>;
  /** Ends the process for good: asks first, kills after the given time. */
  stop(graceMs: number): Promise<void>;
}

export interface FunctionRunner {
  readonly hostProgram: string;
  readonly surroundings: Readonly<Record<string, string | undefined>>;
  readonly logsFolder: string;
  readonly log: Log;
  /** Told after every start and every end of a process. */
  readonly changed: () => void;
}

/**
 * Starts a function's process and keeps it running: a crash is followed by a start, after a delay that
 * grows. A process that ends with exit code 0 is not started again, because under the watchdog such a
 * function answers 500 until it is deployed anew.
 */
export function runFunction(staged: StagedFunction, runner: FunctionRunner): RunningFunction {
  const { name, environment } = staged.spec;
  const output = openRotatingLog(join(runner.logsFolder, `${name}.log`));
  const state = { host: null as Host | null, stopping: false, restarts: 0, failedStarts: 0 };
  let nextStart: NodeJS.Timeout | undefined;
  let attemptDone = () => {};
  const attempted = new Promise<void>((resolve) => {
    attemptDone = resolve;
  });

  function start(): void {
    const startedMs = Date.now();
    state.host = startHost(staged, {
      ...runner,
      output,
      listening() {
        runner.log.info("function listens", { function: name, took_ms: Date.now() - startedMs });
        runner.changed();
        attemptDone();
      },
      ended(how) {
        state.host = null;
        if (!state.stopping) startAgain(how, Date.now() - startedMs);
        runner.changed();
        attemptDone();
      },
    });
    runner.changed();
  }

  function startAgain(how: string, livedMs: number): void {
    if (how === "0") {
      runner.log.error("function ended itself: it answers 500 until it is deployed anew", { function: name });
      return;
    }
    state.failedStarts = livedMs >= STEADY_AFTER_MS ? 1 : state.failedStarts + 1;
    const delayMs = restartDelayMs(state.failedStarts);
    runner.log.warn("function ended", { function: name, by: how, lived_ms: livedMs, restart_in_ms: delayMs });
    nextStart = setTimeout(() => {
      state.restarts += 1;
      start();
    }, delayMs);
  }

  start();
  return {
    staged,
    executionMs: executionTimeoutMs(environment),
    inflightMax: Number(environment["max_inflight"]) || 0,
    createdAtMs: Date.now(),
    calls: { inflight: 0, total: 0 },
    endpoint: () => state.host?.endpoint() ?? null,
    pid: () => state.host?.pid ?? null,
    restarts: () => state.restarts,
    attempted,
    async stop(graceMs) {
      state.stopping = true;
      clearTimeout(nextStart);
      await state.host?.stop(graceMs);
      await new Promise<void>((resolve) => output.end(resolve));
    },
  };
}

import type { ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { PolytapeError } from "@polytape/market-model";
import { restartDelayMs, STEADY_AFTER_MS } from "../gateway/functions/restart-delay.ts";
import type { HomePaths } from "../home-paths.ts";
import { identify, type ProcessIdentity } from "../processes/identity.ts";
import { type Command, launch } from "../processes/launch.ts";
import { lastLines } from "../processes/log-file.ts";
import { type Ending, killGroup, stopProcess } from "../processes/stop-process.ts";
import { waitUntil } from "../processes/wait-until.ts";
import { type ChildName, type ChildRecord, writeChildRecord } from "./records.ts";

export interface ChildPlan {
  readonly name: ChildName;
  readonly command: Command;
  readonly url: string | null;
  readonly isReady: () => Promise<boolean>;
  /** A process that is not ready by then is killed and started anew. */
  readonly readyMs: number;
  /** How long it may take to end after SIGTERM. */
  readonly graceMs: number;
}

export interface Child {
  /** Settles when the first process is ready; rejects with `child_not_started` when it is not. */
  readonly firstReady: Promise<void>;
  stop(): Promise<Ending>;
}

/**
 * Runs a program and starts it again whenever it ends, after a delay that grows with starts that did not last.
 * Only the very first start may fail for good: what ran once will run again when its surroundings do.
 */
export function superviseChild(plan: ChildPlan, paths: HomePaths, say: (text: string) => void): Child {
  const stopping = new AbortController();
  const logFile = paths.log(plan.name);
  let current: ProcessIdentity | null = null;
  let record: ChildRecord = {
    name: plan.name,
    process: null,
    pid: null,
    state: "starting",
    restarts: 0,
    url: plan.url,
    startedAt: new Date().toISOString(),
    lastEnd: null,
  };
  const note = (changes: Partial<ChildRecord>) => {
    record = { ...record, ...changes };
    writeChildRecord(paths.run, record);
  };

  /** One life of the program. Returns how it ended, and whether it ever was ready. */
  async function live(): Promise<{ how: string; wasReady: boolean; livedMs: number }> {
    const startedMs = performance.now();
    const child = launch(plan.command, { logFile });
    const ended = endOf(child);
    const process = identify(child.pid ?? 0);
    current = process;
    note({ process, pid: process?.pid ?? null, state: "starting", startedAt: new Date().toISOString() });

    const isOver = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    await waitUntil(async () => isOver() || (await plan.isReady()), {
      deadlineMs: plan.readyMs,
      signal: stopping.signal,
    });
    const wasReady = !isOver() && !stopping.signal.aborted && (await plan.isReady());
    if (wasReady) {
      note({ state: "running" });
      isReadyNow();
    } else if (process !== null && !stopping.signal.aborted) await killGroup(process);
    const how = await ended;
    if (process !== null) await killGroup(process);
    current = null;
    return { how, wasReady, livedMs: performance.now() - startedMs };
  }

  async function keepRunning(): Promise<void> {
    for (let failedStarts = 0, isFirst = true; !stopping.signal.aborted; isFirst = false) {
      if (!isFirst) note({ restarts: record.restarts + 1 });
      const { how, wasReady, livedMs } = await live();
      note({
        process: null,
        pid: null,
        state: stopping.signal.aborted ? "stopped" : "waiting",
        lastEnd: how,
      });
      if (isFirst && !wasReady) return failed(how);
      failedStarts = livedMs >= STEADY_AFTER_MS ? 1 : failedStarts + 1;
      if (stopping.signal.aborted) return;
      const delayMs = restartDelayMs(failedStarts);
      say(`${plan.name} ended (${how}) and is started again in ${delayMs} ms`);
      await pause(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  function failed(how: string): void {
    const reason =
      how === "0" ? "ended at once" : `ended (${how}) or was not ready in ${plan.readyMs / 1000} s`;
    const message = `${plan.name} ${reason}; the end of ${logFile}:\n${lastLines(logFile, 10)}`;
    isNeverReady(new PolytapeError("operating", "child_not_started", message));
  }

  let isReadyNow: () => void = () => {};
  let isNeverReady: (error: Error) => void = () => {};
  const firstReady = new Promise<void>((resolve, reject) => {
    isReadyNow = resolve;
    isNeverReady = reject;
  });
  firstReady.catch(() => undefined);
  const finished = keepRunning();

  return {
    firstReady,
    async stop() {
      stopping.abort();
      const ending = current === null ? "was gone" : await stopProcess(current, plan.graceMs);
      await finished;
      return ending;
    },
  };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? String(code)));
    child.once("error", (error) => resolve(error.message));
  });
}

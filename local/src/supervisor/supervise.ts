import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createLog, errorFacts } from "@polytape/function-runtime";
import { boundLog, LOG_BYTES_MAX } from "../processes/log-file.ts";
import type { StackPlan } from "../stack-plan.ts";
import { claimHome } from "./claim-home.ts";
import { stopLeftovers } from "./leftovers.ts";
import { CHILD_NAMES, type ChildName, removeRecords } from "./records.ts";
import { startStackProcesses } from "./start-stack-processes.ts";
import { recordSteps } from "./start-steps.ts";
import { type Child, superviseChild } from "./supervise-child.ts";

const BOUND_LOGS_EVERY_MS = 10_000;

/**
 * Runs one copy of the stack from the first process to the last: brings it up, starts again what crashes,
 * and on the signal takes it down in order. What a killed predecessor left is stopped first, because its
 * outputs and records are nobody's any more.
 *
 * Returns whether the stack came up. Throws `already_running` (input).
 */
export async function supervise(plan: StackPlan, signal: AbortSignal): Promise<boolean> {
  const { paths } = plan;
  const log = createLog("supervisor");
  const say = (text: string) => log.info(text);
  const steps = recordSteps(paths.run, claimHome(paths.run, plan.decided));
  const children = new Map<ChildName, Child>();
  const bounding = setInterval(() => boundLogs(paths.logs), BOUND_LOGS_EVERY_MS);

  let failure: string | null = null;
  try {
    await stopLeftovers(paths, say);
    await startStackProcesses({
      plan,
      steps,
      signal,
      say,
      start(child) {
        const started = superviseChild(child, paths, say);
        children.set(child.name, started);
        return Promise.race([started.firstReady, rejectOnAbort(signal)]);
      },
    });
    steps.update({ phase: "running" });
    say("everything runs");
    await aborted(signal);
  } catch (error) {
    failure = signal.aborted ? "It was stopped while it started." : reasonOf(error);
    log.error("start failed", errorFacts(error));
  }

  steps.update({ phase: "stopping", failure });
  for (const name of CHILD_NAMES) {
    const child = children.get(name);
    if (child !== undefined) say(`${name} ${await child.stop()}`);
  }
  await stopLeftovers(paths, say);
  clearInterval(bounding);
  if (failure === null || signal.aborted) removeRecords(paths.run);
  else steps.update({ phase: "failed" });
  return failure === null;
}

function boundLogs(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.endsWith(".log")) boundLog(join(folder, name), LOG_BYTES_MAX);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return aborted(signal).then(() => Promise.reject(new Error("stopped")));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

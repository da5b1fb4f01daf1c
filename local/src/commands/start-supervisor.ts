import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PolytapeError } from "@polytape/market-model";
import { HOME_MARK, isAlive } from "../processes/identity.ts";
import { type LaunchOptions, launch } from "../processes/launch.ts";
import { lastLines } from "../processes/log-file.ts";
import type { StackPlan } from "../stack-plan.ts";
import { livingSupervisor } from "../supervisor/claim-home.ts";
import { readSupervisorRecord, type StepRecord } from "../supervisor/records.ts";

/** Starts the supervisor of a home as a process of its own, which outlives this one. Returns its process id. */
export function startSupervisor(
  plan: StackPlan,
  variables: Readonly<Record<string, string>>,
  whenParentEnds?: LaunchOptions["whenParentEnds"],
): number {
  const { [HOME_MARK]: _mark, ...environment } = variables;
  const child = launch(
    {
      program: process.execPath,
      args: [join(plan.repository, "local/dist/local.cjs"), "supervise"],
      environment,
      folder: plan.repository,
      uid: null,
    },
    { logFile: plan.paths.log("supervisor"), whenParentEnds },
  );
  child.unref();
  if (child.pid === undefined) throw neverStarted(plan);
  return child.pid;
}

/**
 * Follows the start of a home by the given supervisor until everything runs, telling each step when it begins
 * and when it is over. Throws `start_failed` (operating) with the supervisor's reason.
 */
export async function followStart(
  plan: StackPlan,
  supervisor: number,
  tell: (line: string) => void,
): Promise<void> {
  const { run } = plan.paths;
  const told = new Map<string, string>();
  for (let missedMs = 0; missedMs < CLAIM_WITHIN_MS; ) {
    await pause(POLL_MS);
    const latest = readSupervisorRecord(run);
    // The record of an earlier start may still lie there; one of another start at the same moment is as good.
    const counts = latest !== null && (latest.process.pid === supervisor || isAlive(latest.process));
    const record = counts ? latest : null;
    for (const step of record?.steps ?? []) tellStep(step, told, tell);
    if (record?.phase === "running" && isAlive(record.process)) return;
    if (record?.failure != null) {
      await endOfSupervisor(run);
      throw new PolytapeError("operating", "start_failed", record.failure);
    }
    missedMs = record !== null && isAlive(record.process) ? 0 : missedMs + POLL_MS;
  }
  throw neverStarted(plan);
}

const POLL_MS = 100;
/** From its launch a supervisor has so long to write its record. */
const CLAIM_WITHIN_MS = 10_000;

function tellStep(step: StepRecord, told: Map<string, string>, tell: (line: string) => void): void {
  const took = step.tookMs === null ? "" : `${(step.tookMs / 1_000).toFixed(1)} s`;
  // What is over between two looks was never seen at work: its note is told all the same.
  const isNew = !told.has(step.name);
  if (isNew && step.state !== "doing") tell(`… ${step.name}: ${step.note}`);
  const line = {
    doing: `… ${step.name}: ${step.note}`,
    done: `✓ ${step.name.padEnd(22)} ${took}`,
    failed: `✗ ${step.name.padEnd(22)} ${took}`,
  }[step.state];
  if (told.get(step.name) === line) return;
  told.set(step.name, line);
  tell(line);
}

/** A failed start takes down what it had started before the supervisor ends. */
async function endOfSupervisor(run: string): Promise<void> {
  while (livingSupervisor(run) !== null) await pause(POLL_MS);
}

function neverStarted(plan: StackPlan): PolytapeError {
  const logFile = plan.paths.log("supervisor");
  const message = `The supervisor ended; the end of ${logFile}:\n${lastLines(logFile, 10)}`;
  return new PolytapeError("operating", "start_failed", message);
}

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { RunningFunction } from "./run-function.ts";

const recordSchema = z.record(
  z.string(),
  z.object({ pid: z.number().int().nullable(), port: z.number().int().nullable(), restarts: z.number() }),
);

/** What `functions.json` in the run folder says: name → process, or nulls while there is none. */
export type ProcessRecord = z.output<typeof recordSchema>;

/** The record of functions as they run now. */
export function processRecord(functions: ReadonlyMap<string, RunningFunction>): ProcessRecord {
  return Object.fromEntries(
    [...functions].map(([name, each]) => [
      name,
      { pid: each.pid(), port: each.endpoint()?.port ?? null, restarts: each.restarts() },
    ]),
  );
}

/** Replaced as a whole, so that a reader never sees half of it. */
export function writeProcessRecord(runFolder: string, record: ProcessRecord): void {
  const file = join(runFolder, "functions.json");
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/**
 * Kills what a gateway that was killed itself may have left: its functions end when their channel closes,
 * except one whose event loop is blocked. A process counts only if its command line names our run folder.
 */
export function endLeftovers(runFolder: string): void {
  for (const { pid } of Object.values(readLivingRecord(runFolder))) {
    if (pid !== null) process.kill(pid, "SIGKILL");
  }
}

/** The written record, with null for the processes that live no more. Empty where there is no record. */
export function readLivingRecord(runFolder: string): ProcessRecord {
  return Object.fromEntries(
    Object.entries(readProcessRecord(runFolder)).map(([name, { pid, port, restarts }]) => {
      const lives = pid !== null && commandLine(pid).includes(`${runFolder}/`);
      return [name, lives ? { pid, port, restarts } : { pid: null, port: null, restarts }];
    }),
  );
}

function readProcessRecord(runFolder: string): ProcessRecord {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(join(runFolder, "functions.json"), "utf8")));
  } catch {
    // No record, or one that nobody can read: then there is nothing to go by.
    return {};
  }
}

/** Empty where there is no such process, or no /proc. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

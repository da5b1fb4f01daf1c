import { linkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PolytapeError } from "@polytape/market-model";
import { identify, isAlive } from "../processes/identity.ts";
import { CHILD_NAMES, readChildRecord, readSupervisorRecord, type SupervisorRecord } from "./records.ts";

/**
 * Makes this process the home's only supervisor. Linking a finished file is what the file system does for one of
 * two at once. Throws `already_running` (input) while another supervisor lives.
 */
export function claimHome(run: string, environment: Readonly<Record<string, string>>): SupervisorRecord {
  const own = identify(process.pid);
  if (own === null)
    throw new PolytapeError("bug", "proc_missing", "The local profile needs Linux with /proc.");
  const record: SupervisorRecord = {
    process: own,
    phase: "starting",
    startedAt: new Date().toISOString(),
    steps: [],
    failure: null,
    environment,
  };
  const file = join(run, "supervisor.json");
  const draft = join(run, `supervisor.${process.pid}.new`);
  writeFileSync(draft, JSON.stringify(record));
  try {
    if (livingSupervisor(run) === null) rmSync(file, { force: true });
    linkSync(draft, file);
    return record;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new PolytapeError("input", "already_running", "It already runs.", { cause });
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The supervisor that runs this home now, or null. */
export function livingSupervisor(run: string): SupervisorRecord | null {
  const record = readSupervisorRecord(run);
  return record !== null && isAlive(record.process) ? record : null;
}

/** Whether processes of this home live: those of a supervisor that was killed go on without it. */
export function hasLivingChildren(run: string): boolean {
  return CHILD_NAMES.some((name) => {
    const child = readChildRecord(run, name)?.process ?? null;
    return child !== null && isAlive(child);
  });
}

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const identitySchema = z.object({ pid: z.number().int(), startTicks: z.string(), bootId: z.string() });

/** What runs under the supervisor, in the order in which it is stopped. */
export const CHILD_NAMES = ["function-trigger", "gateway", "simulator", "nats", "opensearch"] as const;
export type ChildName = (typeof CHILD_NAMES)[number];

const childSchema = z.object({
  name: z.enum(CHILD_NAMES),
  /** Null while it waits for its next start. */
  process: identitySchema.nullable(),
  pid: z.number().int().nullable(),
  state: z.enum(["starting", "running", "waiting", "stopped"]),
  /** Starts after the first. */
  restarts: z.number().int(),
  url: z.string().nullable(),
  startedAt: z.string(),
  /** How the last process ended: an exit code or a signal. */
  lastEnd: z.string().nullable(),
});
/** One process of the stack, as `run/<name>.json` says it. */
export type ChildRecord = z.output<typeof childSchema>;

const stepSchema = z.object({
  name: z.string(),
  /** What it waits for, or what came of it. */
  note: z.string(),
  state: z.enum(["doing", "done", "failed"]),
  tookMs: z.number().nullable(),
});
export type StepRecord = z.output<typeof stepSchema>;

const supervisorSchema = z.object({
  process: identitySchema,
  phase: z.enum(["starting", "running", "stopping", "failed"]),
  startedAt: z.string(),
  steps: z.array(stepSchema),
  failure: z.string().nullable(),
  /** How the stack's programs were told to reach each other; no secrets. */
  environment: z.record(z.string(), z.string()),
});
/** The supervisor itself, as `run/supervisor.json` says it. */
export type SupervisorRecord = z.output<typeof supervisorSchema>;

export function readChildRecord(run: string, name: ChildName): ChildRecord | null {
  return readRecord(join(run, `${name}.json`), childSchema);
}

export function writeChildRecord(run: string, record: ChildRecord): void {
  writeRecord(join(run, `${record.name}.json`), record);
}

export function readSupervisorRecord(run: string): SupervisorRecord | null {
  return readRecord(join(run, "supervisor.json"), supervisorSchema);
}

export function writeSupervisorRecord(run: string, record: SupervisorRecord): void {
  writeRecord(join(run, "supervisor.json"), record);
}

export function removeRecords(run: string): void {
  for (const name of [...CHILD_NAMES, "supervisor"]) rmSync(join(run, `${name}.json`), { force: true });
}

/** Null where there is none. Half a record cannot be: writers replace it as a whole. */
function readRecord<T>(file: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null; // None, or one of another version: then the mark in the environment finds the processes.
  }
}

function writeRecord(file: string, record: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

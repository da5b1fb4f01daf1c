import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EpochMs, PolytapeError } from "@polytape/market-model";
import { z } from "zod";

/** The part of a backup that is one file: what is beside the store, and which snapshot of the store belongs to it. */
export const backupFile = z.object({
  format: z.literal(1),
  /** Of the snapshot. */
  name: z.string().regex(/^polytape-[0-9a-z-]+$/),
  takenAt: z.iso.datetime(),
  indexPrefix: z.string(),
  schemaVersion: z.int().min(0),
  indices: z.array(z.object({ name: z.string(), documents: z.number() })),
  /** Key-value buckets, whole. Of keys only hashes are in them. */
  buckets: z.record(z.string(), z.record(z.string(), z.unknown())),
});
export type BackupFile = z.output<typeof backupFile>;

const NAME = /^polytape-[0-9a-z-]+\.json$/;
/** As `backupName` gives them, and as nobody names one by hand. */
const GIVEN_NAME = /^polytape-\d{17}$/;

/** The name of a backup taken then; a later one sorts after it. */
export function backupName(nowMs: number): string {
  return `polytape-${new Date(nowMs).toISOString().replace(/\D/g, "").slice(0, 17)}`;
}

export function isBackupName(name: string): boolean {
  return GIVEN_NAME.test(name);
}

/** Whole or not at all, for the owner's eyes only; that it is there says that the backup is complete. */
export function writeBackupFile(folder: string, file: BackupFile): string {
  const path = join(folder, `${file.name}.json`);
  try {
    writeFileSync(`${path}.part`, `${JSON.stringify(file, null, 1)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(`${path}.part`, path);
  } catch (cause) {
    throw unusable(folder, cause);
  }
  return path;
}

/** The newest complete backup of a folder, or the one named. Throws `backup_missing` or `backup_unreadable` (input). */
export function readBackupFile(folder: string, name?: string): BackupFile {
  const files = listFiles(folder);
  const file = name === undefined ? files.at(-1) : files.find((each) => each === `${name}.json`);
  if (file === undefined)
    throw new PolytapeError(
      "input",
      "backup_missing",
      `There is no complete backup ${name ?? ""} in ${folder}.`,
    );
  const read = backupFile.safeParse(parseJson(readFileSync(join(folder, file), "utf8")));
  if (read.success) return read.data;
  throw new PolytapeError(
    "input",
    "backup_unreadable",
    `${file} is no backup that this version understands.`,
    {
      cause: read.error,
    },
  );
}

/** When the complete backups below a folder were taken, as deep as two levels; null when there is no such folder here. */
export function backupTimes(folder: string): EpochMs[] | null {
  if (!existsSync(folder)) return null;
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = [folder, ...folders.map(({ name }) => join(folder, name))].flatMap(listFiles);
  return files.map((file) => {
    const [year, month, day, hour, minute, second] = file.replace(/\D/g, "").match(/^\d{4}|\d\d/g) ?? [];
    return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  });
}

/** Names of the backups whose file is there. */
export function completeBackups(folder: string): Set<string> {
  return new Set(listFiles(folder).map((file) => file.slice(0, -".json".length)));
}

/** From here on the backup is none that is whole. */
export function dropBackupFile(folder: string, name: string): void {
  for (const end of [".json", ".json.part"]) rmSync(join(folder, `${name}${end}`), { force: true });
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => NAME.test(file))
      .sort();
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

function unusable(folder: string, cause: unknown): PolytapeError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  return new PolytapeError("input", "backup_folder_refused", `${folder} cannot be used here (${code}).`, {
    cause,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

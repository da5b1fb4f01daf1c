import type { Snapshot } from "@polytape/market-store";
import { isBackupName } from "./backup-file.ts";

export interface FolderContents {
  readonly snapshots: readonly Snapshot[];
  /** Names of the backups whose file is there too, which comes last: they are whole. */
  readonly complete: ReadonlySet<string>;
}

/**
 * The backups that `keep` newer and whole ones supersede, oldest first: all of ours that are older than every one of
 * those, broken ones too. The one that was just made is among what is kept, whatever the clock said; what is underway
 * and what has another name than ours stays.
 */
export function supersededBackups(
  { snapshots, complete }: FolderContents,
  { made, keep }: { made: string; keep: number },
): string[] {
  const ours = snapshots.filter(({ name }) => isBackupName(name));
  const whole = ours.filter(({ name, state }) => state === "whole" && complete.has(name) && name !== made);
  const others = whole
    .map(({ name }) => name)
    .sort()
    .reverse();
  const [oldestKept = made] = [made, ...others.slice(0, keep - 1)].sort();
  return ours
    .filter(({ name, state }) => name < oldestKept && state !== "underway")
    .map(({ name }) => name)
    .sort();
}

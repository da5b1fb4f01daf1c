import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type HomePaths, openHome } from "./home-paths.ts";
import { hasLivingChildren, livingSupervisor } from "./supervisor/claim-home.ts";

/**
 * Demonstrations keep their data in folders of their own below the operator's home, because a simulated or
 * recorded trade must never lie in one store with real ones.
 */
export const DEMO_FOLDERS = { simulator: "demo", recordings: "recordings" } as const;

/** The operator's home and those of demonstrations below it, as far as they exist. */
export function homesBelow(base: HomePaths): HomePaths[] {
  const demos = Object.values(DEMO_FOLDERS)
    .map((folder) => join(base.home, folder))
    .filter((folder) => existsSync(folder));
  return [base, ...demos.map((folder) => openHome(resolve(folder)))];
}

/**
 * The home whose stack runs, the operator's own first; else one whose processes outlived their supervisor; the
 * operator's when nothing runs.
 */
export function runningHome(base: HomePaths): HomePaths {
  const homes = homesBelow(base);
  const supervised = homes.find(({ run }) => livingSupervisor(run) !== null);
  return supervised ?? homes.find(({ run }) => hasLivingChildren(run)) ?? base;
}

/** Another home of the same copy that runs beside this one, or null: the operator's, or a demonstration's. */
export function runningBeside({ home }: HomePaths): HomePaths | null {
  const folders: readonly string[] = Object.values(DEMO_FOLDERS);
  const above = dirname(home);
  const isDemo = folders.includes(basename(home)) && existsSync(join(above, "run"));
  const beside = homesBelow(openHome(isDemo ? above : home)).filter((other) => other.home !== home);
  return beside.find(isRunning) ?? null;
}

export function isRunning({ run }: HomePaths): boolean {
  return livingSupervisor(run) !== null || hasLivingChildren(run);
}

import { mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { PolytapeError } from "@polytape/market-model";

/** Where one copy keeps its things. */
export interface HomePaths {
  readonly home: string;
  /** Records of what runs, one file per process. */
  readonly run: string;
  readonly logs: string;
  readonly secrets: string;
  log(name: string): string;
}

/** Makes the home's folders. The path is resolved, so that two spellings are one home. Throws `home_unusable` (input). */
export function openHome(folder: string): HomePaths {
  try {
    makeFolder(folder);
    const home = realpathSync(folder);
    const paths = { home, run: join(home, "run"), logs: join(home, "logs"), secrets: join(home, "secrets") };
    makeFolder(paths.run);
    makeFolder(paths.logs);
    return { ...paths, log: (name) => join(paths.logs, `${name}.log`) };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `POLYTAPE_HOME ${folder} cannot be made or used (${code}): name a folder that you may write.`;
    throw new PolytapeError("input", "home_unusable", message, { facts: { folder }, cause });
  }
}

/** Each folder is tried twice at most: node's own recursive way never returns for folders below /proc. */
function makeFolder(folder: string): void {
  if (tryMake(folder)) return;
  makeFolder(dirname(folder));
  if (!tryMake(folder)) throw Object.assign(new Error(`${folder} cannot be made`), { code: "ENOENT" });
}

/** False when the folder above is missing. */
function tryMake(folder: string): boolean {
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && dirname(folder) !== folder) return false;
    if (code !== "EEXIST" || !statSync(folder).isDirectory()) throw error;
  }
  return true;
}

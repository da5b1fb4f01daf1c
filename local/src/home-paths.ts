import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** Where one copy keeps its things. */
export interface HomePaths {
  readonly home: string;
  /** Records of what runs, one file per process. */
  readonly run: string;
  readonly logs: string;
  readonly secrets: string;
  log(name: string): string;
}

/** Makes the home's folders. The path is resolved, so that two spellings are one home. */
export function openHome(folder: string): HomePaths {
  mkdirSync(folder, { recursive: true });
  const home = realpathSync(folder);
  const paths = { home, run: join(home, "run"), logs: join(home, "logs"), secrets: join(home, "secrets") };
  mkdirSync(paths.run, { recursive: true });
  mkdirSync(paths.logs, { recursive: true });
  return { ...paths, log: (name) => join(paths.logs, `${name}.log`) };
}

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { PolytapeError } from "@polytape/market-model";

/**
 * The root of the checkout: the first folder with a `stack.yml` above the program that runs, else above the
 * working folder. Bundles and tests start from different depths, so neither can count its steps.
 */
export function findRepository(starts: readonly string[] = [process.argv[1] ?? "", process.cwd()]): string {
  for (const start of starts) {
    for (let folder = start; folder !== "" && folder !== dirname(folder); folder = dirname(folder)) {
      if (existsSync(join(folder, "stack.yml"))) return folder;
    }
  }
  throw new PolytapeError(
    "input",
    "repository_missing",
    "No folder with a stack.yml: run this in the checkout.",
  );
}

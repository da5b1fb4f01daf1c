import { spawn } from "node:child_process";
import { PolytapeError } from "@polytape/market-model";
import type { HomePaths } from "../home-paths.ts";
import { livingSupervisor } from "../supervisor/claim-home.ts";

/**
 * Runs a Node program with this terminal, told how to reach the running stack as it was started (its ports may
 * have been given to that one start only). Returns its exit code. Throws `not_running` (operating).
 */
export function runInStack(
  paths: HomePaths,
  surroundings: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): Promise<number> {
  const stack = livingSupervisor(paths.run);
  if (stack === null) {
    throw new PolytapeError(
      "operating",
      "not_running",
      "Nothing runs here: start it with make up or make demo.",
    );
  }
  const child = spawn(process.execPath, [...args], {
    env: { ...surroundings, ...stack.environment },
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

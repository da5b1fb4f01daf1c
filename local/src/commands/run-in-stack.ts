import { spawn } from "node:child_process";
import { PolytapeError } from "@polytape/market-model";
import type { HomePaths } from "../home-paths.ts";
import { exitCodeOf } from "../processes/exit-code.ts";
import { hasLivingChildren, livingSupervisor } from "../supervisor/claim-home.ts";
import { readSupervisorRecord } from "../supervisor/records.ts";

/**
 * Runs a Node program with this terminal, told how to reach the running stack as it was started (its ports may
 * have been given to that one start only). Returns its exit code. Throws `not_running` (operating).
 */
export async function runInStack(
  paths: HomePaths,
  surroundings: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): Promise<number> {
  // Servers that outlived their supervisor are where it left them.
  const stack =
    livingSupervisor(paths.run) ?? (hasLivingChildren(paths.run) ? readSupervisorRecord(paths.run) : null);
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
  return (await exitCodeOf(child)) ?? 1;
}

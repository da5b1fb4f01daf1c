import type { HomePaths } from "../home-paths.ts";
import { identify, isAlive, markedProcesses } from "../processes/identity.ts";
import { stopProcess } from "../processes/stop-process.ts";
import { CHILD_NAMES, readChildRecord } from "./records.ts";

/** A call of a function may take a minute; the trigger waits for those it made. */
export const GRACE_MS = {
  "function-trigger": 65_000,
  gateway: 30_000,
  simulator: 5_000,
  nats: 15_000,
  opensearch: 45_000,
} as const;

const UNKNOWN_GRACE_MS = 5_000;

/**
 * Stops what a supervisor left that could not do it itself: first what its records name, in order, each only if
 * the process is the one recorded; then whatever else carries this home's mark.
 */
export async function stopLeftovers(paths: HomePaths, say: (text: string) => void): Promise<void> {
  for (const name of CHILD_NAMES) {
    const process = readChildRecord(paths.run, name)?.process ?? null;
    if (process === null || !isAlive(process)) continue;
    say(`${name} (process ${process.pid}) ${await stopProcess(process, GRACE_MS[name])}`);
  }
  for (const pid of markedProcesses(paths.home)) {
    const found = identify(pid);
    if (found === null || pid === process.pid) continue;
    say(`a process ${pid} of this home ${await stopProcess(found, UNKNOWN_GRACE_MS)}`);
  }
}

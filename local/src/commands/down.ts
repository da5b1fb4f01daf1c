import type { HomePaths } from "../home-paths.ts";
import { stopProcess } from "../processes/stop-process.ts";
import { livingSupervisor } from "../supervisor/claim-home.ts";
import { GRACE_MS, stopLeftovers } from "../supervisor/leftovers.ts";
import { removeRecords } from "../supervisor/records.ts";

/** The supervisor takes its children down one after the other. */
const SUPERVISOR_GRACE_MS = Object.values(GRACE_MS).reduce((sum, graceMs) => sum + graceMs, 10_000);

/**
 * Stops everything of the home, also when its supervisor was killed. Data stay. Returns whether there was
 * anything to stop.
 */
export async function down(paths: HomePaths, tell: (line: string) => void): Promise<boolean> {
  const startedMs = performance.now();
  const living = livingSupervisor(paths.run);
  let stopped = 0;
  if (living !== null) {
    tell(`… stopping (process ${living.process.pid})`);
    await stopProcess(living.process, SUPERVISOR_GRACE_MS);
    stopped += 1;
  }
  await stopLeftovers(paths, (line) => {
    stopped += 1;
    tell(line);
  });
  removeRecords(paths.run);
  if (stopped === 0) return false;
  const took = ((performance.now() - startedMs) / 1_000).toFixed(1);
  tell(`down in ${took} s; the data stay in ${paths.home}`);
  return true;
}

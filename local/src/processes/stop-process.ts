import { groupMembers, isAlive, type ProcessIdentity } from "./identity.ts";
import { waitUntil } from "./wait-until.ts";

/** How long the kernel may take to remove a killed process; waiting for its disk it can take a while. */
const KILLED_GONE_MS = 10_000;

export type Ending = "was gone" | "ended" | "killed";

/**
 * Asks a process to end (SIGTERM), and after the grace makes it (SIGKILL). What is left of its process group
 * ends with it. Returns when none of them lives.
 */
export async function stopProcess(process: ProcessIdentity, graceMs: number): Promise<Ending> {
  const wasAlive = isAlive(process);
  if (wasAlive) signalProcess(process.pid, "SIGTERM");
  const ended = await waitUntil(() => !isAlive(process), { deadlineMs: wasAlive ? graceMs : 0 });
  await killGroup(process);
  if (!wasAlive) return "was gone";
  return ended ? "ended" : "killed";
}

/** Ends a process and its group at once. */
export async function killGroup(process: ProcessIdentity): Promise<void> {
  if (isAlive(process)) signalProcess(process.pid, "SIGKILL");
  // A number is not given away while a group carries it: members without a living leader are still ours.
  const isGone = () => !isAlive(process) && orphansOf(process).length === 0;
  for (const pid of orphansOf(process)) signalProcess(pid, "SIGKILL");
  await waitUntil(isGone, { deadlineMs: KILLED_GONE_MS, everyMs: 20 });
}

function orphansOf(leader: ProcessIdentity): number[] {
  const members = groupMembers(leader.pid).filter((pid) => pid !== leader.pid);
  // A living leader with another start time is a stranger who got the number later.
  return groupMembers(leader.pid).includes(leader.pid) && !isAlive(leader) ? [] : members;
}

/** Sends a signal; that the process is gone already is no fault. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

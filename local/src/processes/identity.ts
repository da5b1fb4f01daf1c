import { readdirSync, readFileSync } from "node:fs";

/** Names one process for ever: numbers are used again, a number with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between boot and start, as the kernel tells it. */
  readonly startTicks: string;
  readonly bootId: string;
}

/** Set in the environment of everything that a home starts, so that nothing of it can hide. */
export const HOME_MARK = "POLYTAPE_SUPERVISED_BY";

/** The identity of a living process; null when there is none, or only its unread exit status is left. */
export function identify(pid: number): ProcessIdentity | null {
  const fields = statFields(pid);
  if (fields === null || fields.state === "Z" || fields.state === "X") return null;
  return { pid, startTicks: fields.startTicks, bootId: bootId() };
}

export function isAlive(process: ProcessIdentity): boolean {
  const now = identify(process.pid);
  return now !== null && now.startTicks === process.startTicks && now.bootId === process.bootId;
}

/** Living processes of a process group. */
export function groupMembers(group: number): number[] {
  return allPids().filter((pid) => {
    const fields = statFields(pid);
    return fields !== null && fields.group === group && fields.state !== "Z";
  });
}

/**
 * Living processes that belong to a home: their environment carries its mark, or their command line names its
 * run folder (functions see nothing of our environment). Processes of other users are not seen.
 */
export function markedProcesses(home: string): number[] {
  const mark = `${HOME_MARK}=${home}`;
  return allPids().filter((pid) => {
    const isMarked = readProc(`/proc/${pid}/environ`)?.split("\0").includes(mark) === true;
    const isNamed = () => readProc(`/proc/${pid}/cmdline`)?.includes(`${home}/run/`) === true;
    return (isMarked || isNamed()) && identify(pid) !== null;
  });
}

function allPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function statFields(pid: number): { state: string; group: number; startTicks: string } | null {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The second field is the program's name in brackets and may hold anything; the third begins after it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "X", group: Number(fields[2]), startTicks: fields[19] ?? "" };
}

function bootId(): string {
  return readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // Gone in between, or another user's: for us it is not there.
  }
}

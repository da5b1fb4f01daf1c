import { readFileSync } from "node:fs";
import { readLivingRecord } from "../gateway/functions/process-record.ts";
import type { HomePaths } from "../home-paths.ts";
import { isAlive } from "../processes/identity.ts";
import { hasLivingChildren, livingSupervisor } from "../supervisor/claim-home.ts";
import { CHILD_NAMES, type ChildRecord, readChildRecord } from "../supervisor/records.ts";

/** One line per process, functions below the gateway that runs them. Returns whether the stack runs. */
export function status(paths: HomePaths, tell: (line: string) => void): boolean {
  const supervisor = livingSupervisor(paths.run);
  const records = CHILD_NAMES.map((name) => readChildRecord(paths.run, name)).filter((each) => each !== null);
  tell(`supervisor: ${supervisor?.phase ?? "not running"}, home ${paths.home}`);
  if (supervisor === null && hasLivingChildren(paths.run)) {
    tell("These outlived their supervisor: nothing starts them again. End them with make down.");
  }
  for (const record of [...records].reverse()) {
    tell(line(record));
    if (record.name === "gateway") for (const each of functionLines(paths.run)) tell(each);
  }
  if (supervisor?.phase === "running") tell(`API ${supervisor.environment["OPENFAAS_URL"]}`);
  return supervisor?.phase === "running";
}

function line({ name, state, process, restarts, url, lastEnd }: ChildRecord): string {
  const lives = process !== null && isAlive(process);
  const shown = state === "running" && !lives ? "gone" : state;
  const ends = lastEnd === null ? "" : ` (last end: ${lastEnd})`;
  return columns([name, shown, lives ? process.pid : null, `restarts ${restarts}${ends}`, url ?? ""]);
}

function functionLines(run: string): string[] {
  return Object.entries(readLivingRecord(run)).map(([name, { pid, port, restarts }]) => {
    const state = pid === null ? "gone" : port === null ? "starting" : "running";
    return columns([`  ${name}`, state, pid, `restarts ${restarts}`, ""]);
  });
}

function columns([name, state, pid, restarts, url]: [string, string, number | null, string, string]): string {
  const memory = pid === null ? "" : residentMemory(pid);
  return [name.padEnd(22), state.padEnd(9), `pid ${pid ?? "-"}`.padEnd(12), memory.padEnd(10), restarts, url]
    .join(" ")
    .trimEnd();
}

/** Empty for a process that ended in between. */
function residentMemory(pid: number): string {
  try {
    const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kibibytes === undefined ? "" : `${Math.round(Number(kibibytes) / 1_024)} MiB`;
  } catch {
    return "";
  }
}

import { readFileSync } from "node:fs";
import type { HomePaths } from "../home-paths.ts";
import { isAlive } from "../processes/identity.ts";
import { livingSupervisor } from "../supervisor/claim-home.ts";
import { CHILD_NAMES, type ChildRecord, readChildRecord } from "../supervisor/records.ts";

/** One line per process. Returns whether the stack runs. */
export function status(paths: HomePaths, tell: (line: string) => void): boolean {
  const supervisor = livingSupervisor(paths.run);
  const records = CHILD_NAMES.map((name) => readChildRecord(paths.run, name)).filter((each) => each !== null);
  tell(`supervisor: ${supervisor?.phase ?? "not running"}, home ${paths.home}`);
  for (const record of [...records].reverse()) tell(line(record));
  if (supervisor?.phase === "running") tell(`API ${supervisor.environment["OPENFAAS_URL"]}`);
  return supervisor?.phase === "running";
}

function line({ name, state, process, restarts, url, lastEnd }: ChildRecord): string {
  const lives = process !== null && isAlive(process);
  const memory = process !== null && lives ? `${residentMebibytes(process.pid)} MiB` : "";
  return [
    name.padEnd(18),
    (state === "running" && !lives ? "gone" : state).padEnd(9),
    `pid ${lives ? process.pid : "-"}`.padEnd(12),
    memory.padEnd(10),
    `restarts ${restarts}${lastEnd === null ? "" : ` (last end: ${lastEnd})`}`,
    url ?? "",
  ].join(" ");
}

function residentMebibytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  return Math.round(Number(kibibytes) / 1_024);
}

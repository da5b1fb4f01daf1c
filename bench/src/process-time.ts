import { readFileSync } from "node:fs";

const MS_A_TICK = 10;

/** User and system time of a process since its start, in steps of 10 ms. */
export function processTimeMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may hold blanks; the times are fields 14 and 15 of the line.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_A_TICK;
}

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { PolytapeError } from "@polytape/market-model";
import type { HomePaths } from "../home-paths.ts";
import { exitCodeOf } from "../processes/exit-code.ts";

/** Follows all logs, or one, until interrupted. */
export async function logs(paths: HomePaths, name: string | undefined): Promise<number> {
  const all = readdirSync(paths.logs).filter((file) => file.endsWith(".log"));
  const files = name === undefined || name === "" ? all : all.filter((file) => file === `${name}.log`);
  if (files.length === 0) {
    const names = all.map((file) => file.replace(/\.log$/, "")).join(", ") || "none yet";
    throw new PolytapeError("input", "log_missing", `There is no such log; there are: ${names}.`);
  }
  const child = spawn("tail", ["-n", "20", "-F", ...files.map((file) => join(paths.logs, file))], {
    stdio: "inherit",
  });
  return (await exitCodeOf(child)) ?? 0;
}

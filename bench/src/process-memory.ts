import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { BenchGround } from "./bench-ground.ts";
import { below, figure, type JudgedFigure } from "./figure.ts";

/** Resident memory that a function's process may take at the end, MB of a million bytes. */
const FUNCTION_MB_MAX = 120;

const functionsRecord = z.record(z.string(), z.object({ pid: z.number().nullable() }));

/** Each process once has work behind it, so that none is measured fresh. */
export async function callEveryFunction({ stack, http }: BenchGround): Promise<void> {
  for (const name of ["ingest-markets", "ingest-trades", "snapshot-book"]) {
    for (let call = 0; call < 3; call += 1) {
      const { status, text } = await http.send({
        url: `${stack.urls.gateway}/function/${name}`,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      if (status !== 200)
        throw new PolytapeError("operating", "call_failed", `${name} answered ${status}: ${text}`);
    }
  }
}

/** Resident memory of every process of the stack, functions first. */
export function measureMemory({ stack }: BenchGround): JudgedFigure[] {
  const text = readFileSync(join(stack.home, "run", "functions.json"), "utf8");
  const functions = Object.entries(functionsRecord.parse(JSON.parse(text)));
  const aim = below(FUNCTION_MB_MAX, "MB");
  return [
    ...functions.flatMap(([name, { pid }]) =>
      pid === null ? [] : [figure({ ...memoryOf(name, pid), ceiling: FUNCTION_MB_MAX }, aim)],
    ),
    ...Object.entries(stack.pids()).map(([name, pid]) => figure({ ...memoryOf(name, pid), ceiling: null })),
  ];
}

function memoryOf(name: string, pid: number) {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { name: `memory of ${name}`, unit: "MB", value: (Number(kibibytes) * 1_024) / 1_000_000 };
}

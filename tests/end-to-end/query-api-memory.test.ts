import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { aStack, type TestStack, until } from "./a-stack.ts";
import { askEverything, type Load } from "./query-load.ts";

/**
 * The query function's process under everything that is asked of it at once, while trades arrive: nothing may fail,
 * and what it keeps must not grow. 45 seconds in `make test`, in which only a large leak would show; an hour
 * in `make soak`, as MEMORY_SECONDS says.
 */
const SECONDS = Number(readEnvironment()["MEMORY_SECONDS"] ?? 45);
/** What a process takes until every path has been compiled, and most caches are full. */
const WARM_UP_SECONDS = Math.max(15, 0.1 * SECONDS);
/** Below ten minutes the process is still warming up when it is measured. */
const GROWTH_MAX = SECONDS < 600 ? 1.3 : 1.1;
const CLIENTS = 4;

let stack: TestStack;
let key: string;

beforeAll(async () => {
  stack = await aStack({
    simulator: {
      seed: 41,
      args: [
        ...["--epoch", String(Math.floor(Date.now() / 1_000)), "--rate", "20", "--markets", "150"],
        ...["--history-hours", "0.1", "--history-rate", "10"],
      ],
    },
    settings: {
      POLL_INTERVAL_TRADES_MS: "2000",
      POLL_INTERVAL_BOOKS_MS: "10000",
      POLL_INTERVAL_MARKETS_MS: "10000",
      API_DAILY_CAP: "100000000",
    },
  });
  key = stack.makeKey();
});
afterAll(() => stack?.stop());

const functions = z.record(z.string(), z.object({ pid: z.int().nullable() }));

function functionPid(): number | null {
  const record = readFileSync(join(stack.home, "run", "functions.json"), "utf8");
  return functions.parse(JSON.parse(record))["query-api"]?.pid ?? null;
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_024;
}

const trades = z.looseObject({ data: z.array(z.looseObject({ market_id: z.string() })) });

async function someMarkets(): Promise<string[]> {
  return until("trades of several markets", 90, async () => {
    const { body } = await stack.ask("/v1/trades?limit=1000", key);
    const ids = new Set(trades.parse(body).data.map(({ market_id }) => market_id));
    return ids.size >= 5 && [...ids];
  });
}

test(
  `${SECONDS} seconds of everything at once: nothing fails, and memory grows to ${GROWTH_MAX} times at most`,
  async () => {
    const load: Load = { gatewayUrl: stack.urls.gateway, key, marketIds: await someMarkets() };
    const pid = functionPid() ?? 0;
    const startedMs = Date.now();
    const endMs = startedMs + SECONDS * 1_000;
    const samples: { atMs: number; mb: number }[] = [];
    const sampling = setInterval(() => samples.push({ atMs: Date.now(), mb: residentMb(pid) }), 1_000);

    const seen = await askEverything(load, { clients: CLIENTS, endMs }).finally(() =>
      clearInterval(sampling),
    );

    const measured = samples.filter(({ atMs }) => atMs - startedMs > WARM_UP_SECONDS * 1_000);
    const [first, , last] = [0, 1, 2].map((third) => {
      const part = measured.slice((third * measured.length) / 3, ((third + 1) * measured.length) / 3);
      return median(part.map(({ mb }) => mb));
    });
    console.log(
      `${JSON.stringify(seen)}; resident ${first?.toFixed(1)} MB in the first third, ${last?.toFixed(1)} MB in the last`,
    );
    expect(functionPid()).toBe(pid);
    expect(Object.keys(seen).filter((status) => Number(status) >= 500)).toEqual([]);
    for (const status of ["200", "304", "400", "401", "404"]) expect(seen).toHaveProperty(status);
    expect(seen["200"]).toBeGreaterThan(SECONDS);
    expect((last ?? Number.NaN) / (first ?? Number.NaN)).toBeLessThan(GROWTH_MAX);
  },
  (SECONDS + 240) * 1_000,
);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

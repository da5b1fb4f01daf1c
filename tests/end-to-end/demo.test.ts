import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { readEnvironment } from "@polytape/function-runtime";
import { findFreePorts, findRepository } from "@polytape/local";
import { afterEach, describe, expect, test } from "vitest";

/** What `make demo` runs, in a home and on ports of its own. */
const repository = findRepository();
const recordings = resolve(repository, readEnvironment()["POLYMARKET_RECORDINGS"] || "../shared/payloads");
const homes: { home: string; environment: Record<string, string> }[] = [];

async function demo(...args: string[]): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "polytape-demo-"));
  const [api = 0, search = 0, nats = 0, upstream = 0] = await findFreePorts(4);
  const given = Object.entries(readEnvironment()).flatMap(([name, text]) =>
    text ? [[name, text] as const] : [],
  );
  const environment = {
    ...Object.fromEntries(given),
    POLYTAPE_ENV_FILE: "/dev/null",
    POLYTAPE_HOME: home,
    API_BIND_PORT: String(api),
    OPENSEARCH_PORT: String(search),
    NATS_PORT: String(nats),
    SIMULATOR_PORT: String(upstream),
  };
  homes.push({ home, environment });
  return run("local/dist/demo.cjs", args, environment);
}

async function run(program: string, args: string[], env: Record<string, string>): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(repository, program), ...args], {
    env,
    timeout: 280_000,
  });
  return stdout;
}

afterEach(async () => {
  for (const { home, environment } of homes.splice(0)) {
    await run("local/dist/local.cjs", ["down"], environment);
    rmSync(home, { recursive: true, force: true });
  }
});

test("shows real answers that came the whole way, and ends with the address and a key", async () => {
  const said = await demo();

  expect(said).toMatch(/✓ candles and a book of one market/);
  expect(said).toMatch(
    /GET \/v1\/trades\?market_id=0x[0-9a-f]{64}&outcome=0&limit=2&aggregates=volume,vwap\n200 in/,
  );
  expect(said).toMatch(/GET \/v1\/orderbook\?market_id=0x[0-9a-f]{64}&outcome=0\n200 in/);
  expect(said).toMatch(/key {6}pt_\w+/);
});

describe.runIf(existsSync(recordings))("with recordings", () => {
  test("shows what was stored, what was rejected and why, and answers read back", async () => {
    const said = await demo("--recordings", recordings);

    const [, first = "", second = ""] = said.split(/first pass|second pass/);
    expect(first).toMatch(
      /trades of trades_v1_gabagool_945pm \(45 rows\) +rows 45, stored 45, repeated 0, rejected 0/,
    );
    expect(first).toMatch(/books +stored 8, unchanged 0, unverified 0/);
    expect([...second.matchAll(/stored (\d+)/g)].map(([, count]) => count)).toEqual(Array(7).fill("0"));
    expect(second).toContain("Rejected, with reasons:");
    expect(said).toMatch(/GET \/v1\/orderbook\?\S+\n200 in/);
  });
});

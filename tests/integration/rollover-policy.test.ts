import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { aBook } from "@polytape/market-model/testing";
import { openMarketStore } from "@polytape/market-store";
import { POLICIES } from "@polytape/opensearch";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { makeStoreCopy } from "./market-store-copy.ts";
import { standBetween } from "./stand-between.ts";

/** The bundle of enforce-retention as it is deployed, overheard while it asks a real server to roll over. */
const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "polytape-rollover-"));
const TICK = `
  const answer = { status: () => answer, headers: () => answer, succeed: (body) => console.log(body) };
  const event = { method: "POST", path: "/", headers: {}, query: {}, body: {} };
  require("./handler")(event, answer).then(() => process.exit(0));`;

const asked = z.object({ conditions: z.strictObject({ max_size: z.string(), max_age: z.string() }) });
const rollover = z.strictObject({
  rollover: z.strictObject({ min_primary_shard_size: z.string(), min_index_age: z.string() }),
});

beforeAll(async () => {
  const bundle = ["--out-dir", folder];
  const cwd = join(ROOT, "functions/enforce-retention");
  await run(join(ROOT, "node_modules/.bin/tsup"), bundle, { cwd });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What one tick of the function asks of a server whose indices have so many primary shards. */
async function conditionsAskedOf(shards: number) {
  const copy = await makeStoreCopy(inject("openSearchUrl"), { shards });
  const store = openMarketStore(copy.settings);
  const tsMs = Date.now() - 1_000;
  await store.books.storeBooks([{ ...aBook({ tsMs }), observedAtMs: tsMs, previousSeenAtMs: null }]);
  await copy.settle();
  const bodies: string[] = [];
  const between = await standBetween(inject("openSearchUrl"), async ({ path, body }) => {
    if (path.includes("/_rollover")) bodies.push(body);
    return undefined;
  });
  const env = { OPENSEARCH_URL: between.url, OPENSEARCH_INDEX_PREFIX: copy.names.prefix };
  const { stdout } = await run(process.execPath, ["-e", TICK], { cwd: folder, env });
  await between.close();
  await store.close();
  await copy.remove();
  expect(stdout).toContain('"outcome":"done"');
  expect(bodies).toHaveLength(1);
  return asked.parse(JSON.parse(bodies[0] ?? "")).conditions;
}

// Whoever of the two comes second then finds a young index, and they never fight.
test.each([1, 3])(
  "the policy rolls over by the conditions that the function asks for, with %i primary shards",
  async (shards) => {
    const actions = Object.values(POLICIES).flatMap(({ policy }) =>
      policy.states.flatMap((state) => state.actions),
    );
    const [said, ...others] = actions.map((action) => rollover.parse(action).rollover);

    const { max_size, max_age } = await conditionsAskedOf(shards);

    expect(others).toEqual([]);
    expect(bytesOf(max_size)).toBe(shards * bytesOf(said?.min_primary_shard_size));
    expect(millisecondsOf(max_age)).toBe(millisecondsOf(said?.min_index_age));
  },
);

/** As the server reads sizes and times. */
function bytesOf(text = ""): number {
  const [, number, unit = ""] = /^(\d+)(b|kb|mb|gb)$/.exec(text) ?? [];
  return Number(number) * 1024 ** ["b", "kb", "mb", "gb"].indexOf(unit);
}

function millisecondsOf(text = ""): number {
  const [, number, unit = ""] = /^(\d+)(ms|h|d)$/.exec(text) ?? [];
  return Number(number) * ({ ms: 1, h: 3_600_000, d: 86_400_000 }[unit] ?? Number.NaN);
}

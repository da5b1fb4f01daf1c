import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { applyTopology } from "@polytape/event-bus";
import { startNats } from "@polytape/local";
import { type Gateway, readStack, startGateway } from "@polytape/local/gateway";
import { buildGatewayPrograms } from "@polytape/local/gateway/testing";
import { topology } from "@polytape/nats";
import { applyStoreSchema } from "@polytape/opensearch";
import { startSimulator } from "@polytape/polymarket-simulator";
import { afterAll, beforeAll, expect, inject, test } from "vitest";

/**
 * stack.yml as it is deployed, with one change: no process may write to the disk (Node's own permissions stand in for
 * a read-only root). Passwords are files under names of our choice.
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const PREFIX = `readonly-${process.pid}-`;
const folder = mkdtempSync(join(tmpdir(), "polytape-read-only-"));
const stackFile = join(folder, "stack.yml");
const NO_WRITING = "--experimental-permission --allow-fs-read=*";
const functions = readStack([join(ROOT, "stack.yml")], {}).map(({ name }) => name);
const password = "only-in-a-file";

const REBUILD = JSON.stringify({ rebuild: { from: "2026-01-01", to: "2026-01-02" } });

let gateway: Gateway;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  const nats = await startNats({ login: { user: "everybody", password } });
  const simulator = await startSimulator({
    port: 0,
    seed: 1,
    marketCount: 20,
    historyHours: 1,
    historyTradesPerSecond: 0.2,
    tradesPerSecond: 0.5,
  });
  const programs = await buildGatewayPrograms();
  closing.push(
    () => nats.stop(),
    () => simulator.close(),
    () => programs.remove(),
  );
  const login = { url: nats.url, clientName: "apply", user: "everybody", password };
  await applyTopology(login, topology({ marketsMs: 3_600_000, tradesMs: 3_600_000, booksMs: 3_600_000 }, 1));
  await applyStoreSchema({
    urls: [inject("openSearchUrl")],
    indexPrefix: PREFIX,
    shards: 1,
    replicas: 0,
    waitMs: 10_000,
    timeoutMs: 30_000,
  });

  const stack = readFileSync(join(ROOT, "stack.yml"), "utf8");
  writeFileSync(stackFile, stack.replaceAll("NODE_ENV: production", `$&\n      NODE_OPTIONS: ${NO_WRITING}`));
  for (const name of functions) {
    const outDir = join(folder, "functions", name, "dist");
    await run(join(ROOT, "node_modules/.bin/tsup"), ["--out-dir", outDir], {
      cwd: join(ROOT, "functions", name),
    });
  }
  const secretsFolder = join(folder, "secrets");
  mkdirSync(secretsFolder);
  const secrets = {
    "basic-auth-user": "admin",
    "basic-auth-password": "x",
    "opensearch-ca": "",
    "of-the-store": "",
    "of-the-bus": password,
  };
  for (const [name, text] of Object.entries(secrets)) writeFileSync(join(secretsFolder, name), text);
  gateway = await startGateway({
    stackFiles: [stackFile],
    environment: {
      OPENSEARCH_URL: inject("openSearchUrl"),
      OPENSEARCH_INDEX_PREFIX: PREFIX,
      OPENSEARCH_PASSWORD_SECRET: "of-the-store",
      NATS_URL: nats.url,
      NATS_USER: "everybody",
      NATS_PASSWORD_SECRET: "of-the-bus",
      POLYMARKET_GAMMA_URL: `${simulator.url}/gamma`,
      POLYMARKET_DATA_URL: `${simulator.url}/data`,
      POLYMARKET_CLOB_URL: `${simulator.url}/clob`,
    },
    host: "127.0.0.1",
    port: 0,
    home: join(folder, "home"),
    secretsFolder,
    hostProgram: programs.functionHost,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  closing.push(() => gateway.close());
}, 180_000);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
  const url = inject("openSearchUrl");
  const found: { index: string }[] = (await (
    await fetch(`${url}/_cat/indices/${PREFIX}*?format=json&h=index`)
  ).json()) as { index: string }[];
  for (const { index } of found) await fetch(`${url}/${index}`, { method: "DELETE" });
  await fetch(`${url}/_index_template/${PREFIX}*`, { method: "DELETE" });
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

test.each(functions.filter((name) => name !== "query-api"))(
  "%s does a run without writing to the disk",
  async (name) => {
    const body = name === "build-candles" ? REBUILD : "{}";

    const answer = await fetch(`${gateway.url}/function/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });

    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 200,
      body: { function: name },
    });
  },
);

test("query-api answers that store and bus are there", async () => {
  await expect.poll(async () => (await fetch(`${gateway.url}/health`)).status, { timeout: 20_000 }).toBe(200);
});

test("the change has effect: what writes is refused", async () => {
  const write = "require('node:fs').writeFileSync('written', '')";

  await expect(
    run(process.execPath, [...NO_WRITING.split(" "), "-e", write], { cwd: folder }),
  ).rejects.toThrow("ERR_ACCESS_DENIED");
  expect(readdirSync(folder)).not.toContain("written");
});

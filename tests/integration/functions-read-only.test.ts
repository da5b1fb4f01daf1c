import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { issueKey } from "@polytape/api-access";
import { applyTopology, connectEventBus } from "@polytape/event-bus";
import { type RunningServer, startNats } from "@polytape/local";
import { topology } from "@polytape/nats";
import { applyStoreSchema } from "@polytape/opensearch";
import { startSimulator } from "@polytape/polymarket-simulator";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { buildStack, type Deployment, functionNames, type StackBuild } from "./deployed-stack.ts";
import { openSearchBehindLogin } from "./opensearch-behind-login.ts";

/**
 * stack.yml as it is deployed, with one change: no process may write to the disk (Node's own permissions stand in for
 * a read-only root). Passwords and the certificate are files under names of our choice, and nothing opens without them.
 */
const run = promisify(execFile);
const PREFIX = `readonly-${process.pid}-`;
const NO_WRITING = "--experimental-permission --allow-fs-read=*";
const PASSWORDS = { store: "opens-the-store", bus: "opens-the-bus", gateway: "opens-the-gateway" };
const jobs = functionNames.filter((name) => name !== "query-api");
const withBus = ["ingest-trades", "backfill-trades", "self-check"];
const REBUILD = { rebuild: { from: "2026-01-01", to: "2026-01-02" } };

let build: StackBuild;
let nats: RunningServer;
let deployment: Deployment;
let environment: Record<string, string>;
let secrets: Record<string, string>;
const closing: (() => unknown)[] = [];

const operator = () => ({
  url: nats.url,
  clientName: "operator",
  user: "everybody",
  password: PASSWORDS.bus,
});

beforeAll(async () => {
  nats = await startNats({ login: { user: "everybody", password: PASSWORDS.bus } });
  closing.push(() => nats.stop());
  const login = { user: "functions", password: PASSWORDS.store };
  const store = await openSearchBehindLogin(inject("openSearchUrl"), login);
  closing.push(() => store.close());
  const simulator = await startSimulator({
    port: 0,
    seed: 1,
    marketCount: 20,
    historyHours: 1,
    historyTradesPerSecond: 0.2,
    tradesPerSecond: 0.5,
  });
  closing.push(() => simulator.close());
  await applyTopology(operator(), topology({ marketsMs: 3_600_000, tradesMs: 1_000, booksMs: 3_600_000 }, 1));
  await applyStoreSchema({
    urls: [inject("openSearchUrl")],
    indexPrefix: PREFIX,
    shards: 1,
    replicas: 0,
    waitMs: 10_000,
    timeoutMs: 30_000,
  });
  build = await buildStack(NO_WRITING);
  closing.push(() => build.remove());
  environment = {
    OPENSEARCH_URL: store.url,
    OPENSEARCH_USER: login.user,
    OPENSEARCH_INDEX_PREFIX: PREFIX,
    OPENSEARCH_PASSWORD_SECRET: "of-the-store",
    NATS_URL: nats.url,
    NATS_USER: "everybody",
    NATS_PASSWORD_SECRET: "of-the-bus",
    POLYMARKET_GAMMA_URL: `${simulator.url}/gamma`,
    POLYMARKET_DATA_URL: `${simulator.url}/data`,
    POLYMARKET_CLOB_URL: `${simulator.url}/clob`,
  };
  secrets = {
    "basic-auth-user": "admin",
    "basic-auth-password": PASSWORDS.gateway,
    "opensearch-ca": store.certificateAuthority,
    "of-the-store": PASSWORDS.store,
    "of-the-bus": PASSWORDS.bus,
  };
  deployment = await build.deploy("deployed", { environment, secrets });
  closing.push(() => deployment.close());
}, 180_000);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
  const url = inject("openSearchUrl");
  const found: { index: string }[] = (await (
    await fetch(`${url}/_cat/indices/${PREFIX}*?format=json&h=index`)
  ).json()) as { index: string }[];
  for (const { index } of found) await fetch(`${url}/${index}`, { method: "DELETE" });
  await fetch(`${url}/_index_template/${PREFIX}*`, { method: "DELETE" });
}, 60_000);

async function call({ url }: Deployment, name: string) {
  const answer = await fetch(`${url}/function/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(name === "build-candles" ? REBUILD : {}),
  });
  return { status: answer.status, body: await answer.json() };
}

const health = async ({ url }: Deployment) => (await fetch(`${url}/health`)).status;
const logOf = ({ home }: Deployment, name: string) => readFileSync(join(home, "logs", `${name}.log`), "utf8");

test.each(jobs)("%s does a run without writing to the disk", async (name) => {
  expect(await call(deployment, name)).toMatchObject({ status: 200, body: { function: name } });
});

test("query-api answers that store and bus are there", async () => {
  await expect.poll(() => health(deployment), { timeout: 20_000 }).toBe(200);
});

test("the change has effect: what writes is refused", async () => {
  const write = "require('node:fs').writeFileSync('written', '')";

  await expect(
    run(process.execPath, [...NO_WRITING.split(" "), "-e", write], { cwd: build.folder }),
  ).rejects.toThrow("ERR_ACCESS_DENIED");
  expect(readdirSync(build.folder)).not.toContain("written");
});

describe.each([
  ["of-the-store", "The store refused the login.", jobs],
  ["of-the-bus", "refused the login.", withBus],
] as const)("with another password in the file %s", (secret, sentence, concerned) => {
  let shut: Deployment;

  beforeAll(async () => {
    shut = await build.deploy(`no-${secret}`, { environment, secrets: { ...secrets, [secret]: "guessed" } });
  });
  afterAll(() => shut.close());

  test("every function that needs it says that its login was refused, in its answer and its log", async () => {
    const answers = await Promise.all(concerned.map((name) => call(shut, name)));

    expect(answers).toEqual(
      concerned.map((name) => ({
        status: 503,
        body: {
          function: name,
          error: { code: expect.any(String), message: expect.stringContaining(sentence) },
        },
      })),
    );
    for (const name of concerned)
      await expect.poll(() => logOf(shut, name), { timeout: 10_000 }).toContain(sentence);
  });

  test("query-api is not healthy, and its log says why", async () => {
    expect(await health(shut)).toBe(503);

    await expect.poll(() => logOf(shut, "query-api"), { timeout: 20_000 }).toContain(sentence);
  });
});

/** What a passer-by may read of a process: how it was started, and with what. */
const visible = (pid: number) =>
  ["cmdline", "environ"].map((name) => readFileSync(`/proc/${pid}/${name}`, "utf8")).join("\0");

test("no password, key or certificate is in a command line, an environment or a log", async () => {
  const bus = await connectEventBus(operator());
  closing.push(() => bus.close());
  const now = { nowMs: Date.now(), randomBytes };
  const { key } = await issueKey(await bus.bucket("api_keys"), { plan: "weekly" }, now);
  const trigger = spawn(process.execPath, [build.triggerProgram], {
    env: {
      NATS_URL: nats.url,
      NATS_USER: "everybody",
      NATS_PASSWORD_SECRET: "of-the-bus",
      OPENFAAS_URL: deployment.url,
      SECRETS_FOLDER: deployment.secretsFolder,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  closing.push(() => trigger.kill("SIGKILL"));
  trigger.stdout.pipe(createWriteStream(join(deployment.home, "logs", "trigger.log")));
  await once(trigger.stdout, "data");
  const ask = async (asked: string) =>
    (await fetch(`${deployment.url}/v1/${asked}`, { headers: { "X-API-Key": key } })).status;

  await expect.poll(() => ask("me"), { timeout: 20_000 }).toBe(200);
  await ask(`trades?market_id=${key}`);
  await ask(`markets?from=${key}`);
  const before = logOf(deployment, "ingest-trades").length;
  await vi.waitUntil(() => logOf(deployment, "ingest-trades").length > before, { timeout: 20_000 });

  const pids = [deployment.pid, trigger.pid ?? null, ...deployment.functionPids()];
  const processes = pids.map((pid) => (pid === null ? "" : visible(pid)));
  const logs = readdirSync(build.folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".log"))
    .map((path) => readFileSync(join(build.folder, path), "utf8"));
  const secret = [key, key.slice(-20), ...Object.values(PASSWORDS), "BEGIN CERTIFICATE"];

  expect(processes).toHaveLength(functionNames.length + 2);
  for (const each of processes) expect(each).toContain("SECRETS_FOLDER=");
  expect(logs.filter((log) => log !== "").length).toBeGreaterThanOrEqual(functionNames.length + 2);
  expect(secret.filter((word) => [...processes, ...logs].some((text) => text.includes(word)))).toEqual([]);
});

import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { issueKey, revokeKey } from "@polytape/api-access";
import { applyTopology, connectEventBus, type EventBus } from "@polytape/event-bus";
import { type RunningServer, startNats } from "@polytape/local";
import type { Gateway } from "@polytape/local/gateway";
import {
  buildGatewayPrograms,
  CREDENTIALS,
  type GatewayFixture,
  gatewayFixture,
} from "@polytape/local/gateway/testing";
import { topology } from "@polytape/nats";
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from "vitest";
import { z } from "zod";

/** The bundles as they are deployed, each with the account and the secret of its role. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const PREFIX = `accounts-${process.pid}-`;
const USERS = ["ingest", "query", "trigger", "operator"];
const programs = mkdtempSync(join(tmpdir(), "polytape-accounts-"));

let nats: RunningServer;
let fixture: GatewayFixture;
let gateway: Gateway;
let operator: EventBus;
const closing: (() => unknown)[] = [];

const passwordOf = (user: string) => `the-password-of-${user}`;

async function bundle(workspace: string, outDir: string): Promise<void> {
  await run(join(ROOT, "node_modules/.bin/tsup"), ["--out-dir", outDir], { cwd: join(ROOT, workspace) });
}

beforeAll(async () => {
  const hashes = USERS.map((user) => `${user.toUpperCase()}_HASH: "${passwordOf(user)}"`).join("\n");
  const accounts = readFileSync(join(ROOT, "deploy/nats/accounts.conf"), "utf8");
  nats = await startNats({ configuration: `${hashes}\n${accounts}` });
  closing.push(() => nats.stop());
  const login = { url: nats.url, clientName: "operator", user: "operator", password: passwordOf("operator") };
  await applyTopology(login, topology({ marketsMs: 3_600_000, tradesMs: 1_000, booksMs: 3_600_000 }, 1));
  operator = await connectEventBus(login);
  closing.push(() => operator.close());

  const built = await buildGatewayPrograms();
  fixture = gatewayFixture(
    {
      "query-api": {
        handler: "",
        secrets: ["nats-query-password"],
        environment: {
          RAW_BODY: "true",
          NODE_ENV: "production",
          NATS_URL: nats.url,
          NATS_USER: "query",
          NATS_PASSWORD_SECRET: "nats-query-password",
          OPENSEARCH_URL: inject("openSearchUrl"),
          OPENSEARCH_INDEX_PREFIX: PREFIX,
        },
      },
      ticked: {
        handler: "module.exports = async (event, context) => context.status(200).succeed('done');",
        annotations: { topic: "tick.ingest-trades" },
      },
    },
    { hostProgram: built.functionHost },
  );
  for (const user of USERS) {
    writeFileSync(join(fixture.options.secretsFolder, `nats-${user}-password`), `${passwordOf(user)}\n`);
  }
  await bundle("functions/query-api", join(fixture.folder, "query-api"));
  await bundle("services/function-trigger", programs);
  gateway = await fixture.start();
  closing.push(
    () => rmSync(programs, { recursive: true, force: true }),
    () => fixture.remove(),
    () => built.remove(),
    () => gateway.close(),
  );
});

afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

const statusOf = async (key: string) =>
  (await fetch(`${gateway.url}/v1/me`, { headers: { "X-API-Key": key } })).status;
const becomes = (status: number, key: string) =>
  vi.waitUntil(async () => (await statusOf(key)) === status, { timeout: 20_000, interval: 50 });

test("query-api lets in whom the operator gave a key, counts him, and lets out whom he revoked", async () => {
  const keys = await operator.bucket("api_keys");
  const now = { nowMs: Date.now(), randomBytes };

  const { key, record } = await issueKey(keys, { plan: "weekly" }, now);
  await becomes(200, key);
  const usage = await operator.bucket("api_usage");
  await vi.waitUntil(async () => (await usage.keys()).length > 0, { timeout: 10_000, interval: 50 });
  await revokeKey(keys, record.id, Date.now());

  await becomes(401, key);
  expect(await keys.keys()).toHaveLength(1);
});

test("function-trigger turns ticks into calls with its own account", async () => {
  const calls = async () => {
    const authorization = `Basic ${Buffer.from(`${CREDENTIALS.user}:${CREDENTIALS.password}`).toString("base64")}`;
    const answer = await fetch(`${gateway.url}/system/function/ticked`, { headers: { authorization } });
    return z.object({ invocationCount: z.number() }).parse(await answer.json()).invocationCount;
  };
  const trigger = spawn(process.execPath, [join(programs, "function-trigger.cjs")], {
    env: {
      NATS_URL: nats.url,
      NATS_USER: "trigger",
      NATS_PASSWORD_SECRET: "nats-trigger-password",
      OPENFAAS_URL: gateway.url,
      SECRETS_FOLDER: fixture.options.secretsFolder,
      TRIGGER_DISCOVERY_INTERVAL_MS: "200",
    },
    stdio: "ignore",
  });
  onTestFinished(() => {
    trigger.kill("SIGKILL");
  });

  await vi.waitUntil(async () => (await calls()) >= 2, { timeout: 30_000, interval: 100 });
});

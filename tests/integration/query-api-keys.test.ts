import { randomBytes } from "node:crypto";
import { newKeyText, rotateKey } from "@polytape/api-access";
import { commands, connectTools, run } from "@polytape/cli";
import { connectEventBus } from "@polytape/event-bus";
import { createLog, readSettings } from "@polytape/function-runtime";
import { findFreePorts, type RunningServer, startNats } from "@polytape/local";
import { openQueryApi, type QueryApi } from "@polytape/query-api";
import { queryApiSettings } from "@polytape/query-api/settings";
import { byContract } from "@polytape/query-api/testing/contract";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { z } from "zod";

let nats: RunningServer;
const open: QueryApi[] = [];

const usage = z.object({ usage: z.object({ days: z.record(z.string(), z.number()) }).nullable() });

beforeEach(async () => {
  nats = await startNats();
});

afterEach(async () => {
  for (const api of open.splice(0)) await api.close();
  await nats.stop();
});

function environment(settings: Record<string, string> = {}): Record<string, string> {
  return { NATS_URL: nats.url, OPENSEARCH_URL: inject("openSearchUrl"), API_RATE_RPS: "1000", ...settings };
}

function openApi(settings: Record<string, string> = {}): QueryApi {
  const silent = createLog("query-api", () => {});
  const api = openQueryApi(readSettings(queryApiSettings, environment(settings)), silent);
  open.push(api);
  return api;
}

/** The operator's command, as lines of its output. */
async function polytape(...words: string[]): Promise<string[]> {
  const lines: string[] = [];
  const { tools, close } = connectTools(environment(), (line) => lines.push(line));
  const errors: string[] = [];
  const status = await run(commands, words, tools, (line) => errors.push(line));
  await close();
  expect([status, errors]).toEqual([0, []]);
  return lines;
}

const ask = async (api: QueryApi, key: string, path = "/v1/me") =>
  byContract(
    { path },
    await api.respond(new Request(`http://function${path}`, { headers: { "x-api-key": key } })),
  );

async function statusOf(api: QueryApi, key: string): Promise<number> {
  return (await ask(api, key)).status;
}

async function becomes(api: QueryApi, key: string, status: number, withinMs: number): Promise<void> {
  await vi.waitUntil(async () => (await statusOf(api, key)) === status, { timeout: withinMs, interval: 10 });
}

async function createKey(...options: string[]): Promise<{ key: string; id: string }> {
  const lines = await polytape("keys", "create", "--plan", "weekly", ...options);
  return { key: lines.at(-1) ?? "", id: /key_\w+/.exec(lines.join(" "))?.[0] ?? "" };
}

test("a key made by the command works within a second, and is refused within a second of its revocation", async () => {
  const api = openApi();
  await becomes(api, "pt_none", 401, 10_000);

  const { key, id } = await createKey();
  await becomes(api, key, 200, 1_000);
  await polytape("keys", "revoke", id);
  await becomes(api, key, 401, 1_000);
});

test("a rotated key answers 200 until its grace period is over and 401 from then on, its successor 200", async () => {
  const api = openApi();
  const old = await createKey();
  await becomes(api, old.key, 200, 10_000);
  const bus = await connectEventBus({ url: nats.url, clientName: "tests" });
  const grace = { nowMs: Date.now(), graceMs: 2_000, randomBytes };
  const { key: successor, replaced } = await rotateKey(await bus.bucket("api_keys"), old.id, grace);
  await bus.close();
  await becomes(api, successor, 200, 1_000);

  const endMs = Date.parse(replaced.expires_at);
  expect(await statusOf(api, old.key)).toBe(200);
  expect(Date.now()).toBeLessThan(endMs);
  await vi.waitUntil(() => Date.now() >= endMs, { timeout: 5_000, interval: 5 });

  const refused = await ask(api, old.key);
  expect([refused.status, await refused.json()]).toMatchObject([401, { error: { code: "key_expired" } }]);
  expect(await statusOf(api, successor)).toBe(200);
});

const health = (api: QueryApi) => ask(api, "", "/health");

const natsIs = (api: QueryApi, status: "connected" | "unavailable") =>
  vi.waitUntil(async () => (await (await health(api)).text()).includes(`"nats":{"status":"${status}"`), {
    timeout: 10_000,
    interval: 10,
  });

// docs/decisions/0014-keys-while-the-bus-is-away.md
test("while NATS is away known keys work and nothing unknown gets in; what was changed before the return holds a second after it", async () => {
  const api = openApi();
  const [kept, revoked, replaced] = [await createKey(), await createKey(), await createKey()];
  for (const { key } of [kept, revoked, replaced]) await becomes(api, key, 200, 10_000);
  const { port, home } = nats;

  await nats.kill();
  await natsIs(api, "unavailable");
  expect(await statusOf(api, kept.key)).toBe(200);
  expect(await statusOf(api, revoked.key)).toBe(200);
  expect(await statusOf(api, newKeyText(randomBytes))).toBe(401);

  nats = await startNats({ port, home });
  await polytape("keys", "revoke", revoked.id);
  const successor = (await polytape("keys", "rotate", replaced.id, "--grace-hours", "0")).at(-1) ?? "";
  const made = await createKey();
  await natsIs(api, "connected");
  const connectedMs = Date.now();
  await becomes(api, revoked.key, 401, 1_000);
  await becomes(api, replaced.key, 401, 1_000);
  for (const key of [successor, made.key, kept.key]) await becomes(api, key, 200, 1_000);
  expect(Date.now() - connectedMs).toBeLessThan(1_000);
});

test("a second outage is no different from the first: the watch stands again after each", async () => {
  const api = openApi();
  const { key } = await createKey();
  await becomes(api, key, 200, 10_000);

  for (const _outage of [1, 2]) {
    const { port, home } = nats;
    await nats.kill();
    await natsIs(api, "unavailable");
    nats = await startNats({ port, home });
    await natsIs(api, "connected");
    const made = await createKey();
    await becomes(api, made.key, 200, 1_000);
    await polytape("keys", "revoke", made.id);
    await becomes(api, made.key, 401, 1_000);
  }
  expect(await statusOf(api, key)).toBe(200);
});

test("a NATS that comes back without its data lets nobody in: what it holds is the truth", async () => {
  const api = openApi();
  const { key } = await createKey();
  await becomes(api, key, 200, 10_000);
  const { port } = nats;

  await nats.stop();
  nats = await startNats({ port });
  const made = await createKey();

  await becomes(api, made.key, 200, 10_000);
  expect(await statusOf(api, key)).toBe(401);
});

test("before NATS has ever answered the answer is 503, never 401; then keys work without a restart", async () => {
  const { key } = await createKey();
  const { port, home } = nats;
  await nats.kill();
  const api = openApi();

  const early = await ask(api, key);
  expect([early.status, await early.json()]).toMatchObject([503, { error: { code: "auth_unavailable" } }]);
  expect(await statusOf(api, "")).toBe(503);

  nats = await startNats({ port, home });
  await becomes(api, key, 200, 15_000);
});

test("the daily cap survives a restart of the function", async () => {
  const { key, id } = await createKey("--cap", "5");
  const first = openApi();
  await becomes(first, key, 200, 10_000);
  for (const _ of [2, 3]) expect(await statusOf(first, key)).toBe(200);
  await vi.waitUntil(
    async () => {
      const shown = usage.parse(JSON.parse((await polytape("keys", "show", id)).join("\n")));
      return Object.values(shown.usage?.days ?? {}).includes(3);
    },
    { timeout: 10_000, interval: 100 },
  );
  await first.close();

  const second = openApi();
  await becomes(second, key, 200, 10_000);
  expect(await statusOf(second, key)).toBe(200);
  const over = await ask(second, key);
  expect([over.status, await over.json()]).toMatchObject([429, { error: { code: "daily_cap_reached" } }]);
  expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("what was counted is written at the end signal, without waiting for the next second", async () => {
  const { key, id } = await createKey();
  const api = openApi();
  await becomes(api, key, 200, 10_000);
  for (let n = 0; n < 20; n += 1) expect(await statusOf(api, key)).toBe(200);

  await api.flushUsage();

  const shown = usage.parse(JSON.parse((await polytape("keys", "show", id)).join("\n")));
  expect(Object.values(shown.usage?.days ?? {})).toEqual([21]);
});

test("a store that is away is a 503 with its envelope, in time, and health says which it is", async () => {
  const [port] = await findFreePorts(1);
  const api = openApi({ OPENSEARCH_URL: `http://127.0.0.1:${port}` });
  const { key } = await createKey();
  await becomes(api, key, 200, 10_000);

  const answer = await ask(api, key, "/v1/trades");
  const found = await health(api);

  expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: "store_unavailable" } }]);
  expect([found.status, await found.json()]).toMatchObject([503, { opensearch: { status: "unavailable" } }]);
});

import { randomBytes } from "node:crypto";
import { issueKey, type KeyOrder, newKeyText, revokeKey } from "@polytape/api-access";
import { DAY_MS } from "@polytape/market-model";
import {
  type DeniedCaller,
  denials,
  expectedHeadersOfDenial,
  headersOfDenial,
  routes,
} from "@polytape/query-api/app";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { deployQueryApi, type QueryApiDeployment } from "./query-api-deployment.ts";

/** The table of denials once more, through the gateway, at both addresses of the function. */
let deployment: QueryApiDeployment;
const keys = new Map<DeniedCaller, string | null>();

beforeAll(async () => {
  deployment = await deployQueryApi("denials-");
  const bucket = await deployment.bus.bucket("api_keys");
  const issue = (order: Partial<KeyOrder> = {}, nowMs = Date.now()) =>
    issueKey(bucket, { plan: "weekly", ...order }, { nowMs, randomBytes });

  const revoked = await issue();
  await becomes(revoked.key, 200);
  await revokeKey(bucket, revoked.record.id, Date.now());
  const expired = await issue({}, Date.now() - 7 * DAY_MS);
  const [fast, greedy] = [await issue({ rateRps: 0.001 }), await issue({ dailyCap: 1 })];
  for (const { key } of [fast, greedy]) await becomes(key, 200);
  await becomes(revoked.key, 401);

  keys.set("nobody", null);
  keys.set("a typo", `pt_${"x".repeat(36)}`);
  keys.set("a key that nobody issued", newKeyText(randomBytes));
  keys.set("a revoked key", revoked.key);
  keys.set("an expired key", expired.key);
  keys.set("a key over its rate", fast.key);
  keys.set("a key over its daily cap", greedy.key);
});

afterAll(() => deployment?.close());

function ask(path: string, key: string | null): Promise<Response> {
  return deployment.ask(path, key === null ? {} : { headers: { "x-api-key": key } });
}

async function becomes(key: string, status: number): Promise<void> {
  await vi.waitUntil(async () => (await ask("/v1/me", key)).status === status, {
    timeout: 5_000,
    interval: 20,
  });
}

const paths = routes
  .filter((route) => route.access === "key")
  .map((route) => route.path.replace(/\{\w+\}/, "x"))
  .flatMap((path) => [path, `/function/query-api${path}`]);

test("no log of the deployment holds a key, wherever somebody put it", async () => {
  const { key } = await issueKey(
    await deployment.bus.bucket("api_keys"),
    { plan: "weekly" },
    { nowMs: Date.now(), randomBytes },
  );
  await becomes(key, 200);
  for (const path of [`/v1/markets/${key}`, `/v1/trades?market_id=${key}`, `/v1/${key}`, "/v1/trades"]) {
    const headers = { "x-api-key": key, "x-request-id": key };
    const answer = await deployment.ask(path, { headers });
    expect((await answer.text()) + [...answer.headers].join()).not.toContain(key);
  }

  const logs = deployment.logs();
  expect([...logs.keys()]).toEqual(expect.arrayContaining(["gateway", "nats.log", "query-api.log"]));
  expect(logs.get("query-api.log")).toContain("query-api keys-read");
  for (const [name, text] of logs)
    for (const each of [key, ...keys.values()]) expect(text, name).not.toContain(each ?? key);
});

describe.each(paths)("GET %s", (path) => {
  test.each(denials)("denies $caller", async ({ caller, status, code }) => {
    const answer = await ask(path, keys.get(caller) ?? null);

    expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code } }]);
    expect(headersOfDenial(answer.headers, status)).toEqual(expectedHeadersOfDenial(status));
  });
});

// The last one, because the function is gone after it.
test("a function that is told to end has written what it counted until then", async () => {
  const bucket = await deployment.bus.bucket("api_keys");
  const { key, record } = await issueKey(bucket, { plan: "weekly" }, { nowMs: Date.now(), randomBytes });
  await becomes(key, 200);
  for (let n = 0; n < 30; n += 1) expect((await ask("/v1/me", key)).status).toBe(200);

  await deployment.stopFunction();

  const counts = z.object({ days: z.record(z.string(), z.number()) });
  const kept = await (await deployment.bus.bucket("api_usage")).get(record.id);
  expect(Object.values(counts.parse(kept?.value).days).reduce((sum, count) => sum + count)).toBe(31);
});

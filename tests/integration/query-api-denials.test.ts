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
  return fetch(`${deployment.gateway.url}${path}`, key === null ? {} : { headers: { "x-api-key": key } });
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

describe.each(paths)("GET %s", (path) => {
  test.each(denials)("denies $caller", async ({ caller, status, code }) => {
    const answer = await ask(path, keys.get(caller) ?? null);

    expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code } }]);
    expect(headersOfDenial(answer.headers, status)).toEqual(expectedHeadersOfDenial(status));
  });
});

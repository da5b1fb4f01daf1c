import { randomBytes } from "node:crypto";
import { newKeyText, revokeKey } from "@polytape/api-access";
import { DAY_MS } from "@polytape/market-model";
import { describe, expect, test } from "vitest";
import { routes } from "../app.ts";
import { anApi, NOW } from "./an-api.ts";
import { type DeniedCaller, denials, expectedHeadersOfDenial, headersOfDenial } from "./denials.ts";

type Api = Awaited<ReturnType<typeof anApi>>;

/** Makes the service deny the caller, and gives the key to ask with; null: none. */
const callers: Record<DeniedCaller, () => Promise<{ api: Api; key: string | null }>> = {
  nobody: async () => ({ api: await anApi(), key: null }),
  "a typo": async () => ({ api: await anApi(), key: `pt_${"x".repeat(36)}` }),
  "a key that nobody issued": async () => ({ api: await anApi(), key: newKeyText(randomBytes) }),
  "a revoked key": async () => {
    const api = await anApi();
    await revokeKey(api.keys, api.record.id, NOW);
    return { api, key: api.key };
  },
  "an expired key": async () => {
    const api = await anApi();
    api.clock.nowMs = NOW + 30 * DAY_MS;
    return { api, key: api.key };
  },
  "a key over its rate": () => usedUp({ rateRps: 1 }),
  "a key over its daily cap": () => usedUp({ dailyCap: 1 }),
};

async function usedUp(limits: Parameters<typeof anApi>[0]) {
  const api = await anApi(limits);
  await api.send("/v1/nothing");
  return { api, key: api.key };
}

const withKey = routes.filter((route) => route.access === "key");

describe.each(withKey.map((route) => route.path.replace(/\{\w+\}/, "x")))("GET %s", (path) => {
  test.each(denials)("denies $caller", async ({ caller, status, code }) => {
    const { api, key } = await callers[caller]();

    const answer = await api.ask(path, { key });

    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(answer.headers.get("x-request-id")).toBe(answer.body.request_id);
    expect(headersOfDenial(answer.headers, status)).toEqual(expectedHeadersOfDenial(status));
  });

  test("denies anybody before keys were read, in words that make nobody throw a key away", async () => {
    const { status, headers, body } = await (await anApi({ keysRead: false })).ask(path);

    expect([status, body.error.code]).toEqual([503, "auth_unavailable"]);
    expect(headersOfDenial(headers, status)).toEqual(expectedHeadersOfDenial(status));
  });
});

test("a revoked key gets the very answer of a key that never was", async () => {
  const api = await anApi();
  await revokeKey(api.keys, api.record.id, NOW);
  const headers = { "x-request-id": "same" };

  const revoked = await api.ask("/v1/trades", { headers });
  const unknown = await api.ask("/v1/trades", { key: newKeyText(randomBytes), headers });

  expect(revoked.body).toEqual(unknown.body);
  expect([...revoked.headers]).toEqual([...unknown.headers]);
});

test("no answer and no log line holds a key", async () => {
  const api = await anApi();
  api.store.failNext("trades.findTrades");

  const answers = [
    await api.send("/v1/trades"),
    await api.send(`/v1/trades?key=${api.key}`),
    await api.send(`/v1/trades?${api.key}=1`),
    await api.send(`/v1/markets/${api.key}`),
    await api.send("/v1/nothing", { headers: { "x-request-id": api.key } }),
    await api.send("/v1/trades"),
  ];

  const said = await Promise.all(
    answers.map(async (answer) => (await answer.text()) + [...answer.headers].join()),
  );
  expect(`${said.join("\n")}\n${api.log.join("\n")}`).not.toContain(api.key);
});

import { randomBytes } from "node:crypto";
import { newKeyText, revokeKey } from "@polytape/api-access";
import { DAY_MS } from "@polytape/market-model";
import { describe, expect, test } from "vitest";
import { routes } from "../app.ts";
import { anApi, NOW } from "./an-api.ts";

type Api = Awaited<ReturnType<typeof anApi>>;

/** Whom no route with a key lets in: what is done before asking, with which key, and the answer. */
const denials: readonly {
  who: string;
  prepare?: (api: Api) => Promise<unknown> | unknown;
  options?: Parameters<typeof anApi>[0];
  key?: string | null;
  status: number;
  code: string;
}[] = [
  { who: "nobody", key: null, status: 401, code: "key_missing" },
  { who: "a typo", key: `pt_${"x".repeat(36)}`, status: 401, code: "key_invalid" },
  { who: "a key that nobody issued", key: newKeyText(randomBytes), status: 401, code: "key_invalid" },
  {
    who: "a revoked key",
    prepare: (api) => revokeKey(api.keys, api.record.id, NOW),
    status: 401,
    code: "key_invalid",
  },
  {
    who: "an expired key",
    prepare: (api) => {
      api.clock.nowMs = NOW + 30 * DAY_MS;
    },
    status: 401,
    code: "key_expired",
  },
  {
    who: "a key over its rate",
    options: { rateRps: 1 },
    prepare: (api) => api.send("/v1/nothing"),
    status: 429,
    code: "rate_limited",
  },
  {
    who: "a key over its daily cap",
    options: { dailyCap: 1 },
    prepare: (api) => api.send("/v1/nothing"),
    status: 429,
    code: "daily_cap_reached",
  },
  {
    who: "anybody before keys were read",
    options: { keysRead: false },
    status: 503,
    code: "auth_unavailable",
  },
];

const withKey = routes.filter((route) => route.access === "key");

describe.each(withKey.map((route) => [route.path]))("GET %s", (path) => {
  test.each(denials.map((denial) => [denial.who, denial] as const))("denies %s", async (_who, denial) => {
    const api = await anApi(denial.options);
    await denial.prepare?.(api);

    const asked = denial.key === undefined ? {} : { key: denial.key };
    const { status, headers, body } = await api.ask(path.replace(/\{\w+\}/, "x"), asked);

    expect([status, body.error.code]).toEqual([denial.status, denial.code]);
    expect(headers.get("x-request-id")).toBe(body.request_id);
    expect(headers.get("ratelimit-remaining")).toBe("0");
    expect(headers.get("ratelimit-limit")).toMatch(status === 429 ? /^[1-9]/ : /^0$/);
    expect(headers.has("retry-after")).toBe(status === 429 || status === 503);
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

import { randomBytes } from "node:crypto";
import { issueKey } from "@polytape/api-access";
import { expect, test } from "vitest";
import { anApi } from "./an-api.ts";

type Api = Awaited<ReturnType<typeof anApi>>;

const settled = () => new Promise(setImmediate);

/** Makes every search for trades wait until it is let go; tells the limits of those under way, in their order. */
function holdSearches({ store }: Api) {
  const underway: { limit: number; letGo: () => void }[] = [];
  const began: number[] = [];
  const { cancelledBy } = store;
  store.cancelledBy = (signal) => ({
    ...cancelledBy(signal),
    trades: {
      ...store.trades,
      findTrades: ({ limit }) =>
        new Promise((resolve) => {
          began.push(limit);
          underway.push({ limit, letGo: () => resolve([]) });
        }),
    },
  });
  return {
    began,
    async letOneGo() {
      underway.shift()?.letGo();
      for (let n = 0; n < 5; n += 1) await settled();
    },
  };
}

test("one key with a long line of questions does not keep another waiting behind it", async () => {
  const api = await anApi({ settings: { API_ANSWERS_AT_ONCE: 2 } });
  const { key: another } = await issueKey(
    api.keys,
    { plan: "weekly" },
    { nowMs: api.clock.nowMs, randomBytes },
  );
  const held = holdSearches(api);
  const asked = Array.from({ length: 20 }, (_, n) => api.ask(`/v1/trades?limit=${n + 1}`));
  await settled();

  asked.push(api.ask("/v1/trades?limit=900", { key: another }));
  for (let n = 0; n < 2; n += 1) await held.letOneGo();

  expect(held.began.slice(0, 2)).toEqual([2, 3]);
  expect(held.began.indexOf(901)).toBeLessThan(4);
  for (let n = 0; n < asked.length; n += 1) await held.letOneGo();
  expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]));
});

// The searches go on for ever, as they do in a store that does not hear that they are given up.
test("whoever waits too long for a turn gets 504, as for an answer that takes too long, and the line goes on", async () => {
  const api = await anApi({ settings: { API_ANSWERS_AT_ONCE: 1, API_QUERY_TIMEOUT_MS: 100 } });
  const { cancelledBy } = api.store;
  holdSearches(api);

  const answers = await Promise.all([1, 2, 3].map((limit) => api.ask(`/v1/trades?limit=${limit}`)));

  expect(answers.map(({ status }) => status)).toEqual([504, 504, 504]);
  api.store.cancelledBy = cancelledBy;
  expect((await api.ask("/v1/trades?limit=4")).status).toBe(200);
});

test("look-ups that never end keep no place from the questions after them", async () => {
  const api = await anApi({ settings: { API_ANSWERS_AT_ONCE: 2, API_QUERY_TIMEOUT_MS: 100 } });
  api.store.markets.findMarket = () => new Promise(() => {});

  const answers = await Promise.all(["m-1", "m-2"].map((id) => api.ask(`/v1/markets/${id}`)));

  expect(answers.map(({ status }) => status)).toEqual([504, 504]);
  expect((await api.ask("/v1/trades")).status).toBe(200);
});

test("what needs no store takes no turn", async () => {
  const api = await anApi({ settings: { API_ANSWERS_AT_ONCE: 1 } });
  const held = holdSearches(api);
  const searching = api.ask("/v1/trades");
  await settled();

  expect((await api.ask("/v1/me")).status).toBe(200);

  await held.letOneGo();
  expect((await searching).status).toBe(200);
});

test("a line that is too long is refused with 503 and Retry-After", async () => {
  const api = await anApi({ rateRps: 10_000, settings: { API_ANSWERS_AT_ONCE: 1 } });
  const held = holdSearches(api);
  const asked = Array.from({ length: 1_001 }, () => api.send("/v1/trades"));

  const { status, headers, body } = await api.ask("/v1/trades");

  expect([status, body.error.code]).toEqual([503, "server_busy"]);
  expect(headers.get("retry-after")).toBe("1");
  for (let n = 0; n < asked.length; n += 1) await held.letOneGo();
  await Promise.all(asked);
});

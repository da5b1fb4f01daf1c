import { expect, test } from "vitest";
import { anApi, NOW } from "./an-api.ts";
import { tradesOf } from "./store-trades.ts";

type Api = Awaited<ReturnType<typeof anApi>>;

/** Makes a read wait until it is given up; tells when that happened. */
function waitForEver({ store }: Api, family: "trades" | "markets" | "coverage", call: string) {
  const seen = { givenUp: 0 };
  const { cancelledBy } = store;
  store.cancelledBy = (signal) => ({
    ...cancelledBy(signal),
    [family]: {
      ...store[family],
      [call]: () =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => {
            seen.givenUp += 1;
            reject(new Error("given up"));
          }),
        ),
    },
  });
  return seen;
}

test.each([
  ["a search", "/v1/trades", "trades", "findTrades"],
  ["a look-up", "/v1/markets/some-slug", "markets", "findMarket"],
  ["a list of look-ups", "/v1/trades", "markets", "findMarkets"],
  ["a look into the ledger", "/v1/trades", "coverage", "readTimeline"],
] as const)(
  "%s that takes too long gets 504 in the envelope, and is given up in the store",
  async (...asked) => {
    const [, path, family, call] = asked;
    const api = await anApi({ settings: { API_QUERY_TIMEOUT_MS: 100 } });
    await api.store.trades.createTrades(tradesOf([{ tsSeconds: NOW / 1_000 - 30 }]));
    api.clock.nowMs += 10_000;
    const seen = waitForEver(api, family, call);

    const { status, headers, body } = await api.ask(path);

    expect([status, body.error.code]).toEqual([504, "query_timeout"]);
    expect(body.error.message).toContain("100 ms");
    expect(headers.get("ratelimit-limit")).not.toBeNull();
    expect(seen.givenUp).toBe(1);
    expect(api.log.join()).toContain(body.request_id);
  },
);

test("a question that is answered in time leaves nothing to give up", async () => {
  const api = await anApi({ settings: { API_QUERY_TIMEOUT_MS: 100 } });
  const signals: AbortSignal[] = [];
  const { cancelledBy } = api.store;
  api.store.cancelledBy = (signal) => {
    signals.push(signal);
    return cancelledBy(signal);
  };

  expect((await api.ask("/v1/trades")).status).toBe(200);

  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

import { expect, test } from "vitest";
import { anApi } from "./an-api.ts";

type Api = Awaited<ReturnType<typeof anApi>>;

/** Makes every search for trades wait until it is given up; tells when that happened. */
function waitForEver({ store }: Api): { givenUp: number } {
  const seen = { givenUp: 0 };
  const { cancelledBy } = store;
  store.cancelledBy = (signal) => ({
    ...cancelledBy(signal),
    trades: {
      ...store.trades,
      findTrades: () =>
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

test("a question that takes too long gets 504 in the envelope, says the bound, and is given up in the store", async () => {
  const api = await anApi({ settings: { API_QUERY_TIMEOUT_MS: 100 } });
  const seen = waitForEver(api);

  const { status, headers, body } = await api.ask("/v1/trades");

  expect([status, body.error.code]).toEqual([504, "query_timeout"]);
  expect(body.error.message).toContain("100 ms");
  expect(headers.get("ratelimit-limit")).not.toBeNull();
  expect(seen.givenUp).toBe(1);
  expect(api.log.join()).toContain(body.request_id);
});

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

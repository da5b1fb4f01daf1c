import { expect, test, vi } from "vitest";
import { anApi } from "../../testing/an-api.ts";

test("is 200 without a key when store and bus are there and keys were read", async () => {
  const api = await anApi();

  const { status, body, headers } = await api.ask("/health", { key: null });

  expect(status).toBe(200);
  expect(body).toEqual({
    status: "ok",
    opensearch: { status: "green", took_ms: 0 },
    nats: { status: "connected", keys_read: true },
  });
  expect(headers.get("cache-control")).toBe("no-store");
});

test("is 503 and says what is away: the store, the bus, or keys not read yet", async () => {
  const storeAway = await anApi();
  storeAway.store.health = async () => {
    throw new Error("no answer");
  };
  const busAway = await anApi();
  busAway.bus.connected = false;
  const early = await anApi({ keysRead: false });

  const answers = await Promise.all(
    [storeAway, busAway, early].map((api) => api.ask("/health", { key: null })),
  );

  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
  expect(answers.map(({ body }) => [body.opensearch.status, body.nats.status, body.nats.keys_read])).toEqual([
    ["unavailable", "connected", true],
    ["green", "unavailable", true],
    ["green", "connected", false],
  ]);
});

// Whoever watches a service reads this body: an envelope would say neither that the store is away nor that the bus is there.
test("says that a store that hangs is away, also where questions may take less time than that", async () => {
  const api = await anApi({ settings: { API_QUERY_TIMEOUT_MS: 100 } });
  api.store.health = () => new Promise(() => {});
  vi.useFakeTimers();

  const asking = api.ask("/health", { key: null });
  await vi.advanceTimersByTimeAsync(3_000);
  vi.useRealTimers();
  const { status, body } = await asking;

  expect(status).toBe(503);
  expect(body).toMatchObject({ status: "unavailable", opensearch: { status: "unavailable", took_ms: null } });
});

test("a flood of health checks asks the store once a second", async () => {
  const api = await anApi();
  let asked = 0;
  api.store.health = async () => {
    asked += 1;
    return { status: "green", tookMs: 1 };
  };

  for (let n = 0; n < 50; n += 1) await api.ask("/health");
  api.clock.nowMs += 1_000;
  await api.ask("/health");

  expect(asked).toBe(2);
});

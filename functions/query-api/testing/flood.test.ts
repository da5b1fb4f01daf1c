import { randomBytes } from "node:crypto";
import { newKeyText } from "@polytape/api-access";
import { expect, test } from "vitest";
import { anApi } from "./an-api.ts";

type Api = Awaited<ReturnType<typeof anApi>>;

/** Every call of the store and of the buckets, by name, from now on. */
function watchCalls({ store, keys, usage }: Api): string[] {
  const calls: string[] = [];
  for (const [part, object] of Object.entries({ ...store, store, keys, usage })) {
    if (typeof object !== "object" || object === null) continue;
    for (const [name, method] of Object.entries(object)) {
      if (typeof method !== "function") continue;
      Object.assign(object, {
        [name]: (...given: unknown[]) => {
          calls.push(`${part}.${name}`);
          return method.apply(object, given);
        },
      });
    }
  }
  return calls;
}

const strangers: readonly (readonly [string, () => string | null])[] = [
  ["no key", () => null],
  ["typos", () => `pt_${"x".repeat(36)}`],
  ["endless keys", () => "k".repeat(8_000)],
  ["well-formed keys that nobody issued", () => newKeyText(randomBytes)],
];

test.each(strangers)(
  "a flood with %s asks neither store nor bucket, and says nothing in the log",
  async (_what, keyText) => {
    const api = await anApi();
    const calls = watchCalls(api);

    for (let n = 0; n < 1_000; n += 1) {
      const { status } = await api.send("/v1/trades?market_id=will-it-rain", { key: keyText() });
      if (status !== 401) expect(status).toBe(401);
    }
    await api.gate.usage.flush(api.usage);

    expect(calls).toEqual([]);
    expect(api.log).toEqual([]);
  },
);

test("a key over its limit asks nothing more either, and refusals are not counted as use", async () => {
  const api = await anApi({ rateRps: 1 });
  const calls = watchCalls(api);
  await api.send("/v1/trades");
  expect(calls).toContain("trades.findTrades");
  calls.length = 0;

  for (let n = 0; n < 100; n += 1) expect((await api.send("/v1/trades")).status).toBe(429);

  expect(calls).toEqual([]);
  expect(api.gate.usage.usedOn(api.record.id, api.clock.nowMs)).toBe(1);
});

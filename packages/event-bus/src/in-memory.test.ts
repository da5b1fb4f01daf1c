import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { inMemoryBus } from "./in-memory.ts";

test("records what was published, and a repeated message id once", async () => {
  const bus = inMemoryBus();

  await bus.publish("job.rebuild.all", { from: 1 }, { messageId: "a" });
  await bus.publish("job.rebuild.all", { from: 1 }, { messageId: "a" });
  await bus.publishTradesStored("taker", [{ marketId: "m", assetId: "1", minutesMs: [0, 60_000] }]);

  expect(bus.messages.map((message) => message.subject)).toEqual(["job.rebuild.all", "trades.stored.taker"]);
  expect(bus.messages[1]?.data).toEqual({
    windows: [{ market_id: "m", asset_id: "1", minutes_ms: [0, 60_000] }],
  });
  expect(bus.tradesStored).toHaveLength(1);
});

test("throws the error it was told to throw and records nothing meanwhile", async () => {
  const bus = inMemoryBus();
  bus.failWith(new PolytapeError("operating", "bus_unavailable", "away"));

  await expect(
    bus.publishTradesStored("all", [{ marketId: "m", assetId: "1", minutesMs: [0] }]),
  ).rejects.toThrow("away");

  bus.failWith(null);
  expect(bus.messages).toEqual([]);
  expect(bus.tradesStored).toEqual([]);
});

test("a bucket refuses to write over a revision it was not told of", async () => {
  const bucket = await inMemoryBus().bucket("api_keys");

  const first = await bucket.put("key", { plan: "weekly" }, 0);

  await expect(bucket.put("key", {}, 0)).rejects.toMatchObject({ code: "bus_conflict" });
  await expect(bucket.put("key", { plan: "monthly" }, first)).resolves.toBeGreaterThan(first);
});

test("a watcher hears of what was written and deleted while it was away", async () => {
  const bus = inMemoryBus();
  const bucket = await bus.bucket("api_keys");
  await bucket.put("old", 1);
  const heard: [string, unknown][] = [];
  await bucket.watch({
    entry: (key, value) => heard.push([key, value]),
    ready: () => heard.push(["ready", true]),
  });

  bus.setConnected(false);
  await bucket.delete("old");
  await bucket.put("new", 2);
  bus.setConnected(true);

  expect(heard).toEqual([
    ["old", 1],
    ["ready", true],
    ["new", 2],
    ["old", null],
  ]);
});

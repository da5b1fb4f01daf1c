import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { connectEventBus, type EventBus } from "@polytape/event-bus";
import { type RunningServer, startNats } from "@polytape/local";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let nats: RunningServer;
let bus: EventBus;
const others: EventBus[] = [];

beforeEach(async () => {
  nats = await startNats();
  bus = await connectEventBus({ url: nats.url, clientName: "watcher" });
});

afterEach(async () => {
  await Promise.all([bus, ...others.splice(0)].map((each) => each.close()));
  await nats.stop();
});

async function another(): Promise<EventBus> {
  const other = await connectEventBus({ url: nats.url, clientName: "writer" });
  others.push(other);
  return other;
}

/** A view as its users keep one: key → value. */
async function watch(): Promise<{
  view: Map<string, unknown>;
  isReady: () => boolean;
  stop: () => void;
}> {
  const view = new Map<string, unknown>();
  let ready = false;
  const bucket = await bus.bucket("api_keys");
  const stop = await bucket.watch({
    entry: (key, value) => (value === null ? view.delete(key) : view.set(key, value)),
    ready: () => {
      ready = true;
    },
  });
  return { view, isReady: () => ready, stop };
}

const until = (isSo: () => boolean, timeout = 10_000) => vi.waitUntil(isSo, { timeout, interval: 10 });

test("writes only over the revision that was read", async () => {
  const bucket = await bus.bucket("api_keys");

  const first = await bucket.put("k", { n: 1 }, 0);
  const second = await bucket.put("k", { n: 2 }, first);

  await expect(bucket.put("k", { n: 3 }, first)).rejects.toMatchObject({ code: "bus_conflict" });
  await expect(bucket.put("k", { n: 3 }, 0)).rejects.toMatchObject({ code: "bus_conflict" });
  expect(await bucket.get("k")).toEqual({ value: { n: 2 }, revision: second });
});

test("a deleted key is gone from reads and listings, and may be made anew", async () => {
  const bucket = await bus.bucket("api_usage");
  await bucket.put("a", 1);
  await bucket.put("b", 2);

  await bucket.delete("a");

  expect(await bucket.get("a")).toBeNull();
  expect(await bucket.keys()).toEqual(["b"]);
  await bucket.put("a", 3, 0);
  expect((await bucket.get("a"))?.value).toBe(3);
});

test("an empty bucket is ready at once, and a watcher follows every change", async () => {
  const { view, isReady } = await watch();
  await until(isReady, 2_000);
  const writer = await (await another()).bucket("api_keys");

  await writer.put("a", { plan: "weekly" });
  await writer.put("b", { plan: "monthly" });
  await writer.delete("a");
  await until(() => view.size === 1 && view.has("b"), 1_000);

  expect(view.get("b")).toEqual({ plan: "monthly" });
});

test("shows all entries before it says ready", async () => {
  const bucket = await bus.bucket("api_keys");
  for (let index = 0; index < 50; index += 1) await bucket.put(`k${index}`, index);
  await bucket.delete("k7");

  const { view, isReady } = await watch();
  await until(isReady);

  expect(view.size).toBe(49);
});

// A key revoked while the connection was away must not work a second after it is back.
test("hears within a second after a reconnection of what was written and deleted meanwhile", async () => {
  const bucket = await bus.bucket("api_keys");
  await bucket.put("kept", 1);
  await bucket.put("revoked", 1);
  const { view, isReady } = await watch();
  await until(isReady);

  await nats.kill();
  await until(() => !bus.isConnected());
  nats = await startNats({ home: nats.home, port: nats.port });
  const writer = await (await another()).bucket("api_keys");
  await writer.delete("revoked");
  await writer.put("new", 1);
  await until(() => bus.isConnected());
  await until(() => !view.has("revoked") && view.has("new"), 1_000);

  expect([...view.keys()].sort()).toEqual(["kept", "new"]);
  await writer.put("later", 1);
  await until(() => view.has("later"), 1_000);
});

test("forgets everything when the server comes back without its data", async () => {
  const bucket = await bus.bucket("api_keys");
  await bucket.put("revoked", 1);
  const { view, isReady } = await watch();
  await until(isReady);

  await nats.stop();
  nats = await startNats({ port: nats.port });
  await (await (await another()).bucket("api_keys")).put("other", 1);
  await until(() => bus.isConnected());

  await until(() => !view.has("revoked") && view.has("other"), 3_000);
});

/** What an operator may do to a bucket behind our back, with other tools than ours. */
async function administer(work: (server: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<unknown>) {
  const connection = await connect({ servers: nats.url });
  await work(await jetstreamManager(connection));
  await connection.close();
}

// A watch on a stream that was deleted hears nothing for ever, although the connection stands.
test("hears within some seconds of a bucket that was deleted and made anew, also of equal revisions", async () => {
  const bucket = await bus.bucket("api_keys");
  await bucket.put("changed", "before");
  await bucket.put("revoked", 1);
  const { view, isReady } = await watch();
  await until(isReady);

  await administer((server) => server.streams.delete("KV_api_keys"));
  const anew = await (await another()).bucket("api_keys");
  await anew.put("changed", "after");
  await until(() => view.get("changed") === "after" && !view.has("revoked"), 6_000);

  await anew.put("later", 1);
  await until(() => view.has("later"), 1_000);
});

test("hears within some seconds that a bucket was purged", async () => {
  const bucket = await bus.bucket("api_keys");
  await bucket.put("revoked", 1);
  const { view, isReady } = await watch();
  await until(isReady);

  await administer((server) => server.streams.purge("KV_api_keys"));

  await until(() => view.size === 0, 6_000);
});

test("a quiet bucket is listed once: entries are not told again while nothing changes", async () => {
  const bucket = await bus.bucket("api_keys");
  await bucket.put("a", 1);
  await bucket.put("b", 1);
  await bucket.delete("b");
  const told: string[] = [];
  await bucket.watch({ entry: (key) => void told.push(key), ready: () => {} });
  await until(() => told.includes("a"));

  const startedMs = Date.now();
  await until(() => Date.now() - startedMs > 3_500, 5_000);
  expect(told).toEqual(["a"]);
  await bucket.put("c", 1);
  await until(() => told.includes("c"), 1_000);
});

test("a stopped watch says nothing more", async () => {
  const { view, isReady, stop } = await watch();
  await until(isReady);
  stop();
  const bucket = await bus.bucket("api_keys");

  await bucket.put("late", 1);
  const second = await watch();
  await until(() => second.view.has("late"));

  expect(view.size).toBe(0);
});

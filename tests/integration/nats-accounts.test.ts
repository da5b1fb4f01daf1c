import { readFileSync } from "node:fs";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { applyTopology, connectEventBus, type EventBus } from "@polytape/event-bus";
import { type RunningServer, startNats } from "@polytape/local";
import { topology } from "@polytape/nats";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";

/** bcrypt of `the-password-of-<user>`, as make-secrets.sh writes them, but cheap to check. */
const HASHES = `
INGEST_HASH: "$2y$04$.Pc6UHO/H/0t1GcP1iiX0Ou8eLdD4WdRbBSEVF95AGdFdRwa0KT/i"
QUERY_HASH: "$2y$04$yYT.gqxK6ga5Xsc/aDubceoyff2ONYLIUhT9BI5AbVisKH7Kz97Ba"
TRIGGER_HASH: "$2y$04$Qa/HWCEp7L8YRFY76nz1LulBcRmoZrI29.Y5Xw2JwuQVeBDI6gBHi"
OPERATOR_HASH: "$2y$04$87q0GdJ32/L8uTkpqZwsVuUKN3Qu4jWBlREBPl1GDHKVd9LIoXh1S"
`;
const ACCOUNTS = readFileSync(new URL("../../deploy/nats/accounts.conf", import.meta.url), "utf8");
const PLAN = topology({ marketsMs: 1_000, tradesMs: 1_000, booksMs: 1_000 }, 1);
const WINDOWS = [{ marketId: `0x${"a".repeat(64)}`, assetId: "1", minutesMs: [60_000] }];

type User = "ingest" | "query" | "trigger" | "operator";
let nats: RunningServer;
const open: (() => Promise<void>)[] = [];

const login = (user: User) => ({ user, password: `the-password-of-${user}` });

async function busOf(user: User): Promise<EventBus> {
  const bus = await connectEventBus({ url: nats.url, clientName: user, ...login(user) });
  open.push(() => bus.close());
  return bus;
}

/** The bare client: to ask for what our own code never asks for. */
async function clientOf(user: User) {
  const connection = await connect({
    servers: nats.url,
    user,
    pass: login(user).password,
    inboxPrefix: `_INBOX.${user}`,
  });
  open.push(() => connection.close());
  return connection;
}

const DENIED = /permissions violation/i;
const until = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 10_000, interval: 10 });

beforeAll(async () => {
  nats = await startNats({ configuration: HASHES + ACCOUNTS });
  await applyTopology({ url: nats.url, clientName: "apply", ...login("operator") }, PLAN);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

afterAll(() => nats.stop());

test("nobody enters without a password, or with a wrong one", async () => {
  const enter = (more: { user?: string; password?: string }) =>
    connectEventBus({ url: nats.url, clientName: "stranger", connectWithinMs: 300, ...more });

  await expect(enter({})).rejects.toMatchObject({ code: "bus_unavailable" });
  await expect(enter({ user: "query", password: "guessed" })).rejects.toMatchObject({
    code: "bus_unavailable",
  });
});

test("the operator applies streams, buckets and schedules, a second time too", async () => {
  const again = await applyTopology({ url: nats.url, clientName: "apply", ...login("operator") }, PLAN);

  expect(new Set(again.map(({ change }) => change))).toEqual(new Set(["unchanged"]));
});

test("ingest says what was stored and asks for work, and the trigger hears all of it", async () => {
  const heard: string[] = [];
  const trigger = await busOf("trigger");
  const subjects = { stored: "trades.stored.taker", jobs: "job.backfill.>", checks: "tick.self-check" };
  for (const [name, subject] of Object.entries(subjects)) {
    await trigger.consume(
      { name, subject, concurrencyMax: 1, batchMax: 4, acknowledgeWithinMs: 5_000 },
      async (messages) => {
        for (const message of messages) {
          await message.acknowledge();
          heard.push(message.subject);
        }
      },
    );
  }
  const ingest = await busOf("ingest");

  await ingest.publishTradesStored("taker", WINDOWS);
  await ingest.publish("job.backfill.next", { backfill: "b" }, { messageId: "m" });
  await ingest.publish("tick.self-check", {});

  await until(() => heard.length >= 3);
  expect(heard.sort()).toEqual(["job.backfill.next", "tick.self-check", "trades.stored.taker"]);
});

test("the trigger writes dead letters, which the operator reads", async () => {
  const letter = {
    id: "f:1",
    functionName: "f",
    subject: "job.backfill.next",
    data: "{}",
    deliveries: 20,
    status: 500,
    reason: "tried too often",
    diedAtMs: 1,
  };

  await (await busOf("trigger")).publishDeadLetter(letter);

  expect(await (await busOf("operator")).listDeadLetters({ limit: 10 })).toEqual([letter]);
});

test("query follows the keys and counts their use", async () => {
  const keys = await (await busOf("operator")).bucket("api_keys");
  await keys.put("key_1", { plan: "weekly" });
  const query = await busOf("query");
  const view = new Map<string, unknown>();
  const watched = await query.bucket("api_keys");
  const stop = await watched.watch({ entry: (key, value) => view.set(key, value), ready: () => {} });
  open.push(async () => stop());
  const usage = await query.bucket("api_usage");

  const revision = await usage.put("key_1", { n: 1 }, 0);
  await usage.put("key_1", { n: 2 }, revision);
  await keys.put("key_2", { plan: "monthly" });

  await until(() => view.size >= 2);
  expect(await usage.get("key_1")).toMatchObject({ value: { n: 2 } });
  expect(await usage.keys()).toEqual(["key_1"]);
  expect(await watched.get("key_2")).toMatchObject({ value: { plan: "monthly" } });
});

test("query makes, changes and deletes no key", async () => {
  const keys = await (await busOf("query")).bucket("api_keys");
  const before = await (await busOf("operator")).bucket("api_keys").then((bucket) => bucket.keys());

  await expect(keys.put("key_9", { plan: "monthly" })).rejects.toMatchObject({ code: "bus_refused" });
  await expect(keys.delete("key_1")).rejects.toMatchObject({ code: "bus_refused" });

  expect(await (await busOf("operator")).bucket("api_keys").then((bucket) => bucket.keys())).toEqual(before);
});

test.each(["ingest", "trigger"] as const)("%s reads and writes no bucket", async (user) => {
  await expect((await busOf(user)).bucket("api_keys")).rejects.toMatchObject({ code: "bus_refused" });
  const client = await clientOf(user);

  for (const subject of [
    "$JS.API.DIRECT.GET.KV_api_keys.$KV.api_keys.key_1",
    "$JS.API.STREAM.MSG.GET.KV_api_keys",
    "$JS.API.CONSUMER.CREATE.KV_api_keys.x",
    "$JS.API.STREAM.SNAPSHOT.KV_api_keys",
    "$KV.api_keys.key_1",
  ]) {
    await expect(client.request(subject, "{}", { timeout: 5_000 }), subject).rejects.toThrow(DENIED);
  }
});

test.each(["ingest", "query", "trigger"] as const)("%s changes no stream and no schedule", async (user) => {
  const client = await clientOf(user);

  for (const subject of [
    "$JS.API.STREAM.CREATE.MORE",
    "$JS.API.STREAM.UPDATE.JOBS",
    "$JS.API.STREAM.DELETE.JOBS",
    "$JS.API.STREAM.PURGE.KV_api_keys",
    "schedule.ingest-trades",
    "tick.ingest-trades",
  ]) {
    await expect(client.request(subject, "{}", { timeout: 5_000 }), subject).rejects.toThrow(DENIED);
  }
});

test("query says nothing to the functions", async () => {
  const query = await busOf("query");

  for (const subject of ["trades.stored.taker", "job.backfill.next", "dead.f"]) {
    await expect(query.publish(subject, {})).rejects.toMatchObject({ code: "bus_refused" });
  }
});

test.each(["ingest", "query", "trigger"] as const)("%s hears no answer that goes to others", async (user) => {
  const client = await clientOf(user);

  for (const subject of ["_INBOX.>", "_INBOX.operator.>", ">", "$KV.>", "trades.stored.>"]) {
    const refused = new Promise<unknown>((resolve) => {
      client.subscribe(subject, {
        callback: (error) => {
          if (error) resolve(error);
        },
      });
    });
    expect(String(await refused), subject).toMatch(DENIED);
  }
});

test("the operator may read what is counted of the streams", async () => {
  const manager = await jetstreamManager(await clientOf("operator"));

  expect((await manager.streams.info("TRADES_STORED")).config.subjects).toEqual(["trades.stored.>"]);
});

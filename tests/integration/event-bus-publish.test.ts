import { applyTopology, connectEventBus, type EventBus } from "@polytape/event-bus";
import { type RunningServer, startNats } from "@polytape/local";
import { topology } from "@polytape/nats";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let nats: RunningServer;
let bus: EventBus;
const quiet = { marketsMs: 3_600_000, tradesMs: 3_600_000, booksMs: 3_600_000 };

beforeEach(async () => {
  nats = await startNats({ login: { user: "polytape", password: "known" } });
  const settings = { url: nats.url, user: "polytape", password: "known", clientName: "test" };
  const plan = topology(quiet, 1);
  const small = plan.streams.map((stream) =>
    stream.name === "JOBS" ? { ...stream, bytesMax: 2_000 } : stream,
  );
  await applyTopology(settings, { ...plan, streams: small });
  bus = await connectEventBus(settings);
});

afterEach(async () => {
  await bus.close();
  await nats.stop();
});

/** Everything a fresh consumer finds on the subject. */
async function readAll(subject: string, count: number): Promise<string[]> {
  const found: string[] = [];
  const consumption = await bus.consume(
    { name: "reader", subject, concurrencyMax: 1, batchMax: 10, acknowledgeWithinMs: 5_000 },
    async (messages) => {
      for (const message of messages) {
        found.push(Buffer.from(message.data).toString("utf8"));
        await message.acknowledge();
      }
    },
  );
  await vi.waitUntil(() => found.length >= count, { timeout: 10_000 });
  await consumption.drain();
  return found;
}

test("says which minutes got trades, again whenever it is told so again", async () => {
  const windows = [{ marketId: "m", assetId: "1", minutesMs: [60_000] }];

  await bus.publishTradesStored("taker", windows);
  await bus.publishTradesStored("taker", windows);

  const said = '{"windows":[{"market_id":"m","asset_id":"1","minutes_ms":[60000]}]}';
  expect(await readAll("trades.stored.taker", 2)).toEqual([said, said]);
});

test("tells of trades of the past on a subject of their own, so that they never queue before the present", async () => {
  const past = [{ marketId: "m", assetId: "2", minutesMs: [0] }];

  await bus.publishTradesStored("taker", past, "past");

  const said = '{"windows":[{"market_id":"m","asset_id":"2","minutes_ms":[0]}]}';
  expect(await readAll("trades.stored.taker.past", 1)).toEqual([said]);
});

test("keeps a repeated message id as one message", async () => {
  await bus.publish("job.rebuild.a", { first: true }, { messageId: "once" });
  await bus.publish("job.rebuild.a", { first: false }, { messageId: "once" });
  await bus.publish("job.rebuild.a", { last: true });

  expect(await readAll("job.rebuild.>", 2)).toEqual(['{"first":true}', '{"last":true}']);
});

test("refuses a message that no stream holds, and one for a full stream", async () => {
  const large = "x".repeat(900);
  await bus.publish("job.rebuild.a", large);

  await expect(bus.publish("nobody.listens", {})).rejects.toMatchObject({ code: "bus_refused" });
  await expect(
    Promise.all([bus.publish("job.rebuild.a", large), bus.publish("job.rebuild.a", large)]),
  ).rejects.toMatchObject({ code: "bus_refused", kind: "operating" });
});

test("reports a server that is away within seconds, and publishes again when it is back", async () => {
  await nats.kill();
  await vi.waitUntil(() => !bus.isConnected(), { timeout: 10_000 });

  await expect(bus.publish("job.rebuild.a", {})).rejects.toMatchObject({ code: "bus_unavailable" });

  nats = await startNats({
    home: nats.home,
    port: nats.port,
    login: { user: "polytape", password: "known" },
  });
  await vi.waitUntil(() => bus.isConnected(), { timeout: 10_000 });
  await bus.publish("job.rebuild.a", { back: true });
  expect(await readAll("job.rebuild.>", 1)).toContain('{"back":true}');
});

test("tells wrong credentials from an absent server, both within the time given", async () => {
  const wrong = {
    url: nats.url,
    user: "polytape",
    password: "guessed",
    clientName: "test",
    connectWithinMs: 500,
  };

  await expect(connectEventBus(wrong)).rejects.toMatchObject({
    code: "bus_unavailable",
    message: expect.stringMatching(/ refused the login\.$/),
  });
  await expect(connectEventBus({ ...wrong, url: "nats://127.0.0.1:1" })).rejects.toMatchObject({
    code: "bus_unavailable",
    message: expect.stringMatching(/ cannot be reached /),
  });
});

test("lists dead letters oldest first, of one function or of all", async () => {
  const letter = (functionName: string, sequence: number) => ({
    id: `${functionName}:${sequence}`,
    functionName,
    subject: "job.rebuild.a",
    data: "{}",
    deliveries: 1,
    status: 400,
    reason: "refused",
    diedAtMs: sequence,
  });
  expect(await bus.listDeadLetters({ limit: 5 })).toEqual([]);

  for (const each of [letter("a", 1), letter("b", 2), letter("a", 3)]) await bus.publishDeadLetter(each);

  expect((await bus.listDeadLetters({ limit: 2 })).map((each) => each.id)).toEqual(["a:1", "b:2"]);
  expect((await bus.listDeadLetters({ functionName: "a", limit: 5 })).map((each) => each.id)).toEqual([
    "a:1",
    "a:3",
  ]);
});

import { randomBytes } from "node:crypto";
import { createAccessGate, issueKey } from "@polytape/api-access";
import type { EventBus } from "@polytape/event-bus";
import { inMemoryBus } from "@polytape/event-bus/in-memory";
import { createLog } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connectAccess } from "./connect-access.ts";

const AWAY = new PolytapeError("operating", "bus_unavailable", "NATS cannot be reached.");

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

function aConnection(bus: EventBus) {
  const lines: string[] = [];
  const gate = createAccessGate({ rateRps: 10, dailyCap: 100 });
  const connection = connectAccess(
    gate,
    async () => bus,
    createLog("query-api", (line) => lines.push(line)),
  );
  const said = (event: string) => lines.filter((line) => line.includes(` ${event}`)).length;
  return { gate, connection, said };
}

async function aKey(bus: EventBus) {
  const now = { nowMs: Date.now(), randomBytes };
  return (await issueKey(await bus.bucket("api_keys"), { plan: "weekly" }, now)).record;
}

test("lets nobody be judged before the bus is there, says each reason once, and tries again every second", async () => {
  const bus = inMemoryBus();
  bus.failWith(AWAY);
  const { gate, said } = aConnection(bus);

  await vi.advanceTimersByTimeAsync(3_500);
  expect(gate.identify("pt_x", Date.now())).toEqual({ outcome: "not_read_yet" });
  expect(said("keys-not-read")).toBe(1);

  bus.failWith(new PolytapeError("operating", "bus_unavailable", "NATS refused the login."));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(said("keys-not-read")).toBe(2);

  bus.failWith(null);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(gate.identify("pt_x", Date.now())).toEqual({ outcome: "refused", reason: "malformed" });
  expect(said("keys-read")).toBe(1);
});

test("writes what was counted every second, and what an outage held back afterwards", async () => {
  const bus = inMemoryBus();
  const { gate, said } = aConnection(bus);
  await vi.advanceTimersByTimeAsync(0);
  const record = await aKey(bus);
  const usage = await bus.bucket("api_usage");

  gate.admit(record, Date.now());
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await usage.get(record.id))?.value).toEqual({ days: { "2026-11-22": 1 } });

  bus.failWith(AWAY);
  gate.admit(record, Date.now());
  await vi.advanceTimersByTimeAsync(5_000);
  expect(said("usage-not-written")).toBe(1);

  bus.failWith(null);
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await usage.get(record.id))?.value).toEqual({ days: { "2026-11-22": 2 } });
  expect(said("usage-written-again")).toBe(1);
});

test("a closed connection has written what was left, and writes nothing more", async () => {
  const bus = inMemoryBus();
  const { gate, connection } = aConnection(bus);
  await vi.advanceTimersByTimeAsync(0);
  const record = await aKey(bus);
  gate.admit(record, Date.now());

  await connection.close();
  gate.admit(record, Date.now());
  await vi.advanceTimersByTimeAsync(5_000);

  expect(connection.isConnected()).toBe(false);
  expect((await (await bus.bucket("api_usage")).get(record.id))?.value).toEqual({
    days: { "2026-11-22": 1 },
  });
});

test("what was counted can be written at once, and waits without a word of trouble while the bus is away", async () => {
  const bus = inMemoryBus();
  const { gate, connection, said } = aConnection(bus);
  await connection.flushNow();
  await vi.advanceTimersByTimeAsync(0);
  const record = await aKey(bus);
  gate.admit(record, Date.now());

  await connection.flushNow();

  const usage = await bus.bucket("api_usage");
  expect((await usage.get(record.id))?.value).toEqual({ days: { "2026-11-22": 1 } });
  expect(said("usage-not-written")).toBe(0);
});

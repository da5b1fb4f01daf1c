import { inMemoryBus } from "@polytape/event-bus/in-memory";
import { PolytapeError } from "@polytape/market-model";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { expect, test } from "vitest";
import { repairGaps } from "./repair-gaps.ts";

const start = 1_790_000_000;
const settled = { fromSeconds: start - 86_400, toSeconds: start - 600 };
const whole = { stream: "trades", marketId: null, assetId: null, evidence: {} } as const;

function aLedger() {
  const world = { nowMs: start * 1_000 };
  const store = inMemoryStore({ now: () => world.nowMs });
  const bus = inMemoryBus();
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const { signal } = new AbortController();
  return {
    world,
    store,
    bus,
    run: () =>
      repairGaps({ store, bus, feed: { name: "live" }, now: () => world.nowMs, signal, log }, settled),
    say: (from: number, to: number, state: "missing" | "partial" | "complete") =>
      store.coverage.recordIntervals([
        {
          ...whole,
          fromMs: (start - from) * 1_000,
          toMs: (start - to) * 1_000,
          state,
          cause: state === "complete" ? null : "upstream_cap",
        },
      ]),
    asked: () => bus.messages.filter(({ subject }) => subject === "job.backfill.request"),
  };
}

test("tells how many seconds are not complete, also where nothing may be asked for", async () => {
  const ledger = aLedger();
  await ledger.say(86_400, 0, "complete");
  expect(await ledger.run()).toEqual({ gap_seconds: 0 });

  ledger.world.nowMs += 1_000;
  await ledger.say(5_000, 4_000, "missing");
  await ledger.say(2_000, 1_990, "partial");

  expect(await ledger.run()).toMatchObject({ gap_seconds: 1_010, repair_try: 1 });
});

test("asks once that what is missing be read again, and again after a pause under another name", async () => {
  const ledger = aLedger();
  await ledger.say(5_000, 4_000, "missing");

  expect(await ledger.run()).toMatchObject({ repair_try: 1 });
  ledger.world.nowMs += 599_000;
  expect(await ledger.run()).toBeNull();
  ledger.world.nowMs += 1_000;
  expect(await ledger.run()).toMatchObject({ repair_try: 2 });

  const [first, second] = ledger.asked().map(({ data }) => data);
  const iso = (ago: number) => new Date((start - ago) * 1_000).toISOString().replace(".000Z", "Z");
  const range = { from: expect.stringContaining(iso(5_000).slice(0, 19)), to: expect.any(String) };
  expect(first).toMatchObject({ ...range, request_id: expect.stringMatching(/^[\w.:-]{1,64}$/) });
  expect(second).not.toEqual(first);
});

test("asks for nothing while a backfill runs, whoever began it", async () => {
  const ledger = aLedger();
  await ledger.say(5_000, 4_000, "missing");
  const version = await ledger.store.checkpoints.write(
    "backfills",
    { backfills: [{ id: "first", open: true }] },
    null,
  );

  expect(await ledger.run()).toBeNull();
  await ledger.store.checkpoints.write("backfills", { backfills: [{ id: "first", open: false }] }, version);
  expect(await ledger.run()).toMatchObject({ repair_try: 1 });
});

test("asks for nothing when all is complete, too young or out of reach", async () => {
  const ledger = aLedger();
  await ledger.say(86_400, 0, "complete");
  await ledger.say(500, 0, "missing");
  await ledger.say(90_000, 86_400, "missing");

  expect(await ledger.run()).toEqual({ gap_seconds: 0 });
  expect(ledger.asked()).toEqual([]);
});

test("asks for what only one market lacks", async () => {
  const ledger = aLedger();
  await ledger.say(86_400, 0, "complete");
  const span = { fromMs: (start - 5_000) * 1_000, toMs: (start - 4_000) * 1_000 };
  ledger.world.nowMs += 1_000;
  await ledger.store.coverage.recordIntervals([
    { ...whole, ...span, marketId: "0xaa", state: "missing", cause: "upstream_cap" },
  ]);

  expect(await ledger.run()).toMatchObject({ repair_try: 1 });
});

test("never asks twice when it dies between writing down and sending", async () => {
  const ledger = aLedger();
  await ledger.say(5_000, 4_000, "missing");
  ledger.bus.failWith(new PolytapeError("operating", "bus_unavailable", "away"));
  await expect(ledger.run()).rejects.toMatchObject({ code: "bus_unavailable" });
  ledger.bus.failWith(null);

  expect(await ledger.run()).toBeNull();
  ledger.world.nowMs += 600_000;
  expect(await ledger.run()).toMatchObject({ repair_try: 2 });
  expect(ledger.asked()).toHaveLength(1);
});

test("asks once when two runs look at the same moment", async () => {
  const ledger = aLedger();
  await ledger.say(5_000, 4_000, "missing");

  await Promise.all([ledger.run(), ledger.run()]);

  expect(ledger.asked()).toHaveLength(1);
});

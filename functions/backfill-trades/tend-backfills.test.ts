import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { aBackfill, aDay, complete, NOW_SECONDS } from "./a-backfill.ts";
import { LIST_NAME, readList } from "./backfill-list.ts";
import { backfillTrades } from "./backfill-trades.ts";

/** What the tick does about the first backfill of all. */
const closed = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `b${n}`, open: false }));

test("the first backfill is remembered however many came after it", async () => {
  const tape = aBackfill(aDay(12));
  await tape.runToEnd();

  for (const entry of closed(60)) await (await readList(tape.store.checkpoints)).put(entry);

  const { entries } = await readList(tape.store.checkpoints);
  expect(entries.filter(({ id }) => id === "first")).toEqual([{ id: "first", open: false }]);
  expect(entries).toHaveLength(51);
});

test("the first backfill is not begun again when the list does not name it", async () => {
  const tape = aBackfill(aDay(12));
  await tape.runToEnd();
  const before = (await tape.store.checkpoints.read("backfill:first"))?.state;
  const list = await tape.store.checkpoints.read(LIST_NAME);
  await tape.store.checkpoints.write(LIST_NAME, { backfills: closed(50) }, list?.version ?? null);

  await tape.runToEnd();

  expect((await tape.store.checkpoints.read("backfill:first"))?.state).toEqual(before);
});

// The live tail begins when the upstream answers: what lies before that is the first backfill's to prove.
test("the first backfill reaches up to when the upstream first answered", async () => {
  const tape = aBackfill(aDay(), { settleSeconds: 600 });
  const away = async () => {
    throw new PolytapeError("operating", "upstream_unavailable", "no answer");
  };
  const source = { ...tape.parts.source, readStatus: away };

  for (let minute = 0; minute < 120; minute += 1) {
    await backfillTrades({ ...tape.parts, source }, {});
    tape.clock.nowMs += 60_000;
  }
  await tape.runToEnd();

  const [[, to] = []] = complete(await tape.intervals());
  expect(to).toBeGreaterThanOrEqual(NOW_SECONDS + 7_200);
});

import { SECOND_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { aDayOfRows, aSelfCheck, DAY, marketOf } from "./a-self-check.ts";

const isYoung = ({ tsSeconds }: { tsSeconds: number }) => tsSeconds > DAY / SECOND_MS + 50_000;

test("does nothing while the upstream is behind, and checks the day when it has caught up", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1], 12) });
  tape.feed.serve({ status: { lagSeconds: 5 * 3_600, computedAtMs: DAY } });

  expect(await tape.run()).toEqual({ outcome: "upstream_behind" });
  expect(tape.feed.calls.map(({ method }) => method)).toEqual(["readStatus"]);

  tape.feed.serve({ status: { lagSeconds: 4, computedAtMs: DAY } });
  expect(await tape.run()).toMatchObject({ outcome: "done", checked_markets: 1 });
});

test("proves nothing by what it read when the upstream fell behind meanwhile", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1], 12), state: "missing" });
  let asked = 0;
  const source = {
    ...tape.parts.source,
    readStatus: async () => {
      asked += 1;
      return { lagSeconds: asked === 1 ? 4 : 900, computedAtMs: DAY };
    },
  };

  expect(await tape.run({}, { source })).toMatchObject({ outcome: "running", checked_markets: 0 });
  expect(await tape.timeline(marketOf(1))).toMatchObject([{ state: "missing" }]);
});

test("does not take one short answer of a market's feed for its end", async () => {
  const served = aDayOfRows([1], 12);
  const tape = await aSelfCheck({ served, state: "missing" });
  tape.feed.serve({ trades: served.filter(isYoung) });

  const report = await tape.run();

  expect(report).toMatchObject({ outcome: "done", unfinished_markets: 1 });
  expect(await tape.timeline(marketOf(1))).toMatchObject([{ state: "missing" }]);
});

test("believes the end of a feed that two readings find at the same row, above which all is stored", async () => {
  const served = aDayOfRows([1], 12).filter(isYoung);
  const tape = await aSelfCheck({ served, state: "missing" });

  expect(await tape.run()).toMatchObject({ outcome: "done" });
  expect(await tape.timeline(marketOf(1))).toMatchObject([{ state: "complete" }]);
});

test("a day without any market is not ticked off", async () => {
  const tape = await aSelfCheck({ served: [] });

  expect(await tape.run()).toMatchObject({ outcome: "nothing_to_check", day: "2026-11-20" });
  expect(await tape.run()).toMatchObject({ outcome: "nothing_to_check" });
});

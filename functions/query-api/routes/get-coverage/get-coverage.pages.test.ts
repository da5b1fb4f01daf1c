import { HOUR_MS, MINUTE_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";
import { recordCoverage } from "../../testing/record-coverage.ts";

type Api = Awaited<ReturnType<typeof anApi>>;
type Entry = { readonly from: string; readonly to: string; readonly market_id: string | null };

const all = { stream: "trades", marketId: null, assetId: null, cause: null, evidence: {} } as const;
const marketOf = (n: number) => `0xmarket${n}`;

/** Reads on by Link to the end; of all answers the last one alone says that it was not cut. */
async function readOn({ ask }: Api, question: string): Promise<Entry[][]> {
  const pages: Entry[][] = [];
  for (let search = question; pages.length < 9; ) {
    const { body, headers } = await ask(`/v1/coverage${search}`);
    pages.push(body.data);
    const next = /^<(\?[^>]+)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1];
    expect([body.truncated_by, body.next_from === null]).toEqual(next ? ["limit", false] : [null, true]);
    if (next === undefined) return pages;
    search = next;
  }
  throw new Error("There is always another page.");
}

test("more than one answer holds is read on by Link: nothing is left out, and what goes on comes again", async () => {
  const api = await anApi();
  const firstMs = Date.parse("2026-09-01T00:00:00Z");
  const minutes = Array.from({ length: 1_500 }, (_, n) => firstMs + n * MINUTE_MS);
  await api.store.coverage.recordIntervals([
    ...minutes.map((fromMs) => ({ ...all, state: "partial" as const, fromMs, toMs: fromMs + 1 })),
    { ...all, state: "complete", marketId: marketOf(0), fromMs: firstMs, toMs: firstMs + 20 * HOUR_MS },
  ]);

  const pages = await readOn(api, "?stream=trades&from=2026-09-01T00:00:00Z&to=2026-09-03T00:00:00Z");

  const names = pages.map((entries) => entries.map(({ market_id, from }) => `${market_id} ${from}`));
  expect(names.map(({ length }) => length)).toEqual([1_000, 502]);
  expect(new Set(names.flat()).size).toBe(1_501);
  expect(names[1]?.[0]).toBe(`${marketOf(0)} 2026-09-01T00:00:00.000Z`);
});

// The ledger is read by days, and an entry goes on over midnights: many days may be few entries.
test("few entries of very many days are not cut without a word", async () => {
  const api = await anApi();
  const [from, to] = ["2026-08-25T00:00:00.000Z", "2026-11-21T00:00:00.000Z"];
  for (let n = 0; n < 12; n += 1) await recordCoverage(api.store, from, to, { marketId: marketOf(n) });

  const [first = [], second = [], ...others] = await readOn(api, `?stream=trades&from=${from}&to=${to}`);

  expect(others).toEqual([]);
  for (let n = 0; n < 12; n += 1) {
    const [begin, end] = [first, second].map((page) => page.find((each) => each.market_id === marketOf(n)));
    expect([begin?.from, end?.to]).toEqual([from, to]);
    expect(Date.parse(end?.from ?? "")).toBeLessThanOrEqual(Date.parse(begin?.to ?? ""));
  }
});

test("where more entries touch one moment than an answer holds, it says that it was cut", async () => {
  const api = await anApi();
  const touching = Array.from({ length: 1_001 }, (_, n) => ({
    ...{ ...all, state: "complete" as const, marketId: marketOf(n), fromMs: NOW - HOUR_MS, toMs: NOW },
  }));
  await api.store.coverage.recordIntervals(touching);

  const { body } = await api.ask(`/v1/coverage?stream=trades&from=${NOW - HOUR_MS}`);

  expect(body.data).toHaveLength(1_000);
  expect([body.truncated_by, body.next_from]).toEqual(["limit", null]);
});

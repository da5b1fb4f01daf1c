import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { connectPolymarket, type PolymarketSource, type TradePage } from "../polymarket-source.ts";
import { PLAIN_V1, type V1Ways, v1Upstream } from "../testing/v1-upstream.ts";
import { aWireTradeV1 } from "../testing/wire-records.ts";
import type { PolymarketTradeV1 } from "../wire/index.ts";

// Each run walks a feed in many pages: slow on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const NOW_S = 1_790_000_000;
const SETTLED_S = NOW_S - 700;
const head = { rowSet: "taker", limit: 1_000, cursor: null } as const;

function aSource(ways: V1Ways, rows: () => readonly PolymarketTradeV1[]) {
  const { fetch, asked } = v1Upstream(ways, rows);
  const url = "http://127.0.0.1:9";
  const hosts = { gammaUrl: url, dataUrl: url, clobUrl: url };
  const source = connectPolymarket(
    { ...hosts, limitShare: 1, timeoutMs: 1_000, triesMax: 1 },
    // A clock that moves a little, so that the limits never stop a walk.
    { fetch, now: () => NOW_S * 1_000 + 100 * asked.length, sleep: async () => {} },
  );
  return { source, asked };
}

async function readAll(source: PolymarketSource, between: () => void = () => {}): Promise<TradePage[]> {
  const pages: TradePage[] = [];
  let cursor: string | null = null;
  do {
    const page: TradePage = await source.readTradePage({ ...head, cursor });
    pages.push(page);
    between();
    cursor = page.nextCursor;
    if (pages.length > 500) throw new Error("the walk does not end");
  } while (cursor !== null);
  return pages;
}

/** How many rows of each second have each price: what must come out again. */
function tally(rows: readonly { tsSeconds: number; price: number }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { tsSeconds, price } of rows) {
    const key = `${tsSeconds} ${price}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

const ofWire = (rows: readonly PolymarketTradeV1[]) =>
  rows.map(({ timestamp, price }) => ({ tsSeconds: timestamp, price: Number(price) }));

/** Rows of some seconds from a time on downwards, newest first; some of them in equal pairs and triples. */
const feeds = (newestSecond: number) => {
  const fills = fc
    .tuple(fc.integer({ min: 1, max: 9_999 }), fc.constantFrom(1, 1, 2, 3))
    .map(([price, copies]) => Array.from({ length: copies }, () => price / 10_000));
  return fc
    .array(fc.array(fills, { maxLength: 20 }), { minLength: 1, maxLength: 15 })
    .map((seconds) =>
      seconds.flatMap((prices, at) =>
        prices.flat().map((price) => aWireTradeV1({ timestamp: newestSecond - at, price })),
      ),
    );
};

const waysOfServing: fc.Arbitrary<V1Ways> = fc.record({
  windows: fc.constantFrom("honoured", "ignored", "refused"),
  endIncluded: fc.boolean(),
  limitMax: fc.integer({ min: 12, max: 60 }),
  offsetMax: fc.integer({ min: 0, max: 60 }),
  pastCap: fc.constantFrom("refuse", "repeat", "empty"),
});

const newestSeconds = fc.constantFrom(SETTLED_S, NOW_S - 2);

test("gives every second whole, or names it as cut, however v1 is served", async () => {
  await fc.assert(
    fc.asyncProperty(newestSeconds.chain(feeds), waysOfServing, async (rows, ways) => {
      const pages = await readAll(aSource(ways, () => rows).source);

      const cut = new Set(pages.flatMap((page) => page.cutSeconds));
      const read = tally(pages.flatMap((page) => page.rows));
      const isCapped = pages.at(-1)?.isCapped === true;
      const oldest = pages.flatMap((page) => page.rows).at(-1)?.tsSeconds ?? NOW_S;
      for (const [key, count] of tally(ofWire(rows))) {
        const second = Number(key.split(" ")[0]);
        if (isCapped && second < oldest) continue;
        if (cut.has(second)) expect(read.get(key) ?? 0).toBeLessThanOrEqual(count);
        else expect([key, read.get(key)]).toEqual([key, count]);
      }
      const truth = tally(ofWire(rows));
      expect([...read].filter(([key, count]) => count > (truth.get(key) ?? 0))).toEqual([]);
      expect(isCapped && ways.windows === "honoured").toBe(false);
    }),
    { numRuns: 120 },
  );
});

test("gives every row of settled seconds once where windows are honoured, without a cut below the cap", async () => {
  const windowed = waysOfServing.map((ways) => ({ ...ways, windows: "honoured" as const, offsetMax: 100 }));
  await fc.assert(
    fc.asyncProperty(feeds(SETTLED_S), windowed, async (rows, ways) => {
      const pages = await readAll(aSource(ways, () => rows).source);

      expect(pages.flatMap((page) => page.cutSeconds)).toEqual([]);
      expect(tally(pages.flatMap((page) => page.rows))).toEqual(tally(ofWire(rows)));
    }),
    { numRuns: 50 },
  );
});

test("loses and repeats nothing while rows arrive at the head between pages", async () => {
  const arriving = fc.record({
    windows: fc.constantFrom<V1Ways["windows"]>("honoured", "ignored", "refused"),
    arrivals: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 8 }),
    rows: feeds(NOW_S - 30),
    limitMax: fc.integer({ min: 12, max: 60 }),
  });
  await fc.assert(
    fc.asyncProperty(arriving, async ({ windows, arrivals, rows, limitMax }) => {
      let feed = rows;
      let call = 0;
      const { source } = aSource({ ...PLAIN_V1, windows, limitMax }, () => feed);
      const pages = await readAll(source, () => {
        const newer = arrivals[call] ?? 0;
        call += 1;
        const fresh = Array.from({ length: newer }, () => aWireTradeV1({ timestamp: NOW_S - 29 + call }));
        feed = [...fresh, ...feed];
      });

      const cut = new Set(pages.flatMap((page) => page.cutSeconds));
      const read = tally(pages.flatMap((page) => page.rows).filter((row) => row.tsSeconds <= NOW_S - 30));
      const isCapped = pages.at(-1)?.isCapped === true;
      const oldest = isCapped ? (pages.flatMap((page) => page.rows).at(-1)?.tsSeconds ?? NOW_S) : 0;
      const truth = tally(ofWire(rows));
      const isSure = (key: string) => {
        const second = Number(key.split(" ")[0]);
        return !cut.has(second) && second >= oldest;
      };
      expect([...read].filter(([key]) => isSure(key)).sort()).toEqual(
        [...truth].filter(([key]) => isSure(key)).sort(),
      );
      expect([...read].filter(([key, count]) => count > (truth.get(key) ?? 0))).toEqual([]);
      expect(isCapped && windows === "honoured").toBe(false);
    }),
    { numRuns: 80 },
  );
});

const secondsOf = (page: TradePage) => page.rows.map((row) => row.tsSeconds);
const atSeconds = (...seconds: number[]) => seconds.map((timestamp) => aWireTradeV1({ timestamp }));

test("asks below the first page for the closed window that ends with the second it left out", async () => {
  const rows = atSeconds(SETTLED_S, SETTLED_S - 1, SETTLED_S - 2, SETTLED_S - 2);
  const { source, asked } = aSource({ ...PLAIN_V1, limitMax: 3 }, () => rows);

  const pages = await readAll(source);

  expect(pages.map(secondsOf)).toEqual([[SETTLED_S, SETTLED_S - 1], [SETTLED_S - 2, SETTLED_S - 2], []]);
  expect(pages.every((page) => page.version === "v1")).toBe(true);
  const common = { limit: "1000", takerOnly: "true", filterType: "TOKENS", filterAmount: "0.01" };
  const window = { start: "1", end: String(SETTLED_S - 1) };
  expect(asked.map((url) => [url.pathname, Object.fromEntries(url.searchParams)])).toEqual([
    ["/v2/trades", { limit: "1000", taker_only: "true" }],
    ["/trades", common],
    ["/trades", { ...common, ...window }],
    ["/trades", { ...common, ...window, offset: "2" }],
  ]);
});

test("names a second that fills an answer while rows may still be added to it, and reads on below it", async () => {
  const large = [0.1, 0.2, 0.3, 0.4].map((price) => aWireTradeV1({ timestamp: NOW_S - 6, price }));
  const older = [NOW_S - 9, NOW_S - 700, NOW_S - 701];
  const rows = [...atSeconds(NOW_S - 5), ...large, ...atSeconds(...older)];
  const { source } = aSource({ ...PLAIN_V1, endIncluded: false, limitMax: 3 }, () => rows);

  const pages = await readAll(source);

  expect(pages.flatMap((page) => page.cutSeconds)).toEqual([NOW_S - 6]);
  expect(pages.flatMap(secondsOf).filter((second) => second < NOW_S - 6)).toEqual(older);
});

test("does not go on behind rows that it cannot tell from one another", async () => {
  const rows = atSeconds(...Array.from({ length: 60 }, () => SETTLED_S), SETTLED_S - 1);
  const ways = { ...PLAIN_V1, endIncluded: false, limitMax: 30 };

  const pages = await readAll(aSource(ways, () => rows).source);

  expect(pages.flatMap((page) => page.cutSeconds)).toEqual([SETTLED_S]);
  expect(pages.flatMap(secondsOf).at(-1)).toBe(SETTLED_S - 1);
});

test("reads a settled second larger than an answer on behind the rows it knows, until the cap", async () => {
  const prices = Array.from({ length: 60 }, (_, at) => (at + 1) / 100);
  const large = prices.map((price) => aWireTradeV1({ timestamp: SETTLED_S, price }));
  const rows = [...large, ...atSeconds(SETTLED_S - 1, SETTLED_S - 2)];

  const whole = await readAll(aSource({ ...PLAIN_V1, limitMax: 30 }, () => rows).source);
  const ways = { ...PLAIN_V1, endIncluded: false, limitMax: 30, offsetMax: 10 };
  const capped = await readAll(aSource(ways, () => rows).source);

  expect(whole.flatMap((page) => page.rows.map((row) => row.price))).toEqual([...prices, 0.6, 0.6]);
  expect(whole.flatMap((page) => page.cutSeconds)).toEqual([]);
  expect(capped.flatMap((page) => page.cutSeconds)).toEqual([SETTLED_S]);
  expect(capped.at(-1)?.isCapped).toBe(false);
  expect(capped.flatMap(secondsOf).slice(-2)).toEqual([SETTLED_S - 1, SETTLED_S - 2]);
});

test("says where the cap ends a feed that has no windows", async () => {
  const rows = atSeconds(...Array.from({ length: 50 }, (_, at) => SETTLED_S - at));
  const ways: V1Ways = { ...PLAIN_V1, windows: "ignored", limitMax: 10, offsetMax: 20 };

  for (const pastCap of ["refuse", "repeat", "empty"] as const) {
    const pages = await readAll(aSource({ ...ways, pastCap }, () => rows).source);

    expect(pages.at(-1)).toMatchObject({ isCapped: true, nextCursor: null });
    const read = pages.flatMap(secondsOf);
    expect(read).toEqual(rows.slice(0, read.length).map((row) => row.timestamp));
    expect(read.length).toBeGreaterThan(15);
  }
});

test("finds a second again whose rows moved up because newer ones were withdrawn", async () => {
  let rows = atSeconds(...Array.from({ length: 40 }, (_, at) => SETTLED_S - at));
  const { source } = aSource({ ...PLAIN_V1, windows: "ignored", limitMax: 15 }, () => rows);
  let pages = 0;

  const read = await readAll(source, () => {
    pages += 1;
    if (pages === 3) rows = rows.slice(5);
  });

  expect(read.flatMap(secondsOf)).toEqual(Array.from({ length: 40 }, (_, at) => SETTLED_S - at));
  expect(read.flatMap((page) => page.cutSeconds)).toEqual([]);
});

test("rejects broken rows once, with the names of v1", async () => {
  const rows = [
    aWireTradeV1({ timestamp: SETTLED_S }),
    aWireTradeV1({ timestamp: SETTLED_S - 1, transactionHash: "0x12" }),
    { ...aWireTradeV1(), timestamp: "yesterday" } as unknown as PolymarketTradeV1, // what the type forbids is the point
    aWireTradeV1({ timestamp: SETTLED_S - 2, price: 2 }),
    aWireTradeV1({ timestamp: SETTLED_S - 2 }),
  ];

  const pages = await readAll(aSource(PLAIN_V1, () => rows).source);

  expect(pages.flatMap((page) => page.rejected.map(({ reason }) => reason))).toEqual([
    "transactionHash: not 0x and 64 hex digits",
    expect.stringMatching(/^timestamp: /),
    "price: not above 0 and at most 1",
  ]);
  expect(pages.flatMap(secondsOf)).toEqual([SETTLED_S, SETTLED_S - 2]);
});

test("ends an empty feed at once", async () => {
  expect(await readAll(aSource(PLAIN_V1, () => []).source)).toMatchObject([
    { rows: [], nextCursor: null, isCapped: false },
  ]);
});

test.each([
  ["no base64", "v1:%%%"],
  ["no JSON", `v1:${Buffer.from("{").toString("base64url")}`],
  ["another shape", `v1:${Buffer.from('{"feed":"taker ","place":{"second":1}}').toString("base64url")}`],
])("refuses a cursor of v1 that is %s, without asking anybody", async (_what, cursor) => {
  const { source, asked } = aSource(PLAIN_V1, () => []);

  await expect(source.readTradePage({ ...head, cursor })).rejects.toMatchObject({ code: "cursor_refused" });
  expect(asked).toEqual([]);
});

test("refuses a cursor of v1 for another feed than it came from", async () => {
  const rows = atSeconds(SETTLED_S, SETTLED_S - 1);
  const { source } = aSource(PLAIN_V1, () => rows);
  const { nextCursor: cursor } = await source.readTradePage(head);

  await expect(source.readTradePage({ ...head, rowSet: "all", cursor })).rejects.toMatchObject({
    code: "cursor_refused",
  });
  await expect(source.readTradePage({ ...head, marketId: "0xa1", cursor })).rejects.toMatchObject({
    code: "cursor_refused",
  });
});

const tenSecondsApart = Array.from({ length: 50 }, (_, place) =>
  aWireTradeV1({ timestamp: SETTLED_S - 1_000 - place * 10 }),
);

/** An upstream whose answers to some of the requests lack rows that it has. */
function aForgetfulSource(
  shown: (rows: readonly PolymarketTradeV1[], request: number) => PolymarketTradeV1[],
) {
  let request = 0;
  return aSource({ ...PLAIN_V1, limitMax: 20 }, () => {
    request += 1;
    return shown(tenSecondsApart, request);
  }).source;
}

test.each([
  ["empty", () => []],
  ["without the rows that were seen", (rows: readonly PolymarketTradeV1[]) => rows.slice(25)],
])("takes no answer for the feed's end that is %s where rows were seen", async (_, forget) => {
  const source = aForgetfulSource((rows, request) => (request === 2 ? forget(rows) : [...rows]));

  const pages = await readAll(source);

  expect(tally(pages.flatMap(({ rows }) => rows))).toEqual(tally(ofWire(tenSecondsApart)));
  expect(pages.at(-1)).toMatchObject({ nextCursor: null, isCapped: false });
});

test("begins anew when what it saw never comes again", async () => {
  const source = aForgetfulSource((rows, request) => (request < 2 ? [...rows] : rows.slice(25)));

  await expect(readAll(source)).rejects.toMatchObject({ code: "cursor_refused" });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { connectPolymarket, type PolymarketSource, type TradePage } from "../polymarket-source.ts";
import { PLAIN_V1, type V1Ways, v1Upstream } from "../testing/v1-upstream.ts";
import { aWireTradeV1 } from "../testing/wire-records.ts";
import type { PolymarketTradeV1 } from "../wire/index.ts";

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
    { numRuns: 400 },
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
    { numRuns: 200 },
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
    { numRuns: 300 },
  );
});

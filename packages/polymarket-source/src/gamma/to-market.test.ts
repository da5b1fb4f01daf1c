import { describe, expect, test } from "vitest";
import { aWireMarket } from "../testing/wire-records.ts";
import type { PolymarketMarket } from "../wire/index.ts";
import { toMarket } from "./to-market.ts";

const receivedAtMs = 1_790_000_005_000;
const read = (changes: Partial<PolymarketMarket> = {}) => toMarket(aWireMarket(changes), receivedAtMs);

describe("toMarket", () => {
  test("gives every field in our words", () => {
    const feeSchedule = { rate: 0.07, exponent: 1, takerOnly: true, rebateRate: 0.2 };

    expect(read({ conditionId: `0x${"A1".repeat(32)}`, feeType: "crypto_fees_v2", feeSchedule })).toEqual({
      marketId: `0x${"a1".repeat(32)}`,
      gammaId: "500001",
      slug: "will-it-rain-tomorrow",
      title: "Will it rain tomorrow?",
      description: "Resolves Yes if it rains.",
      category: "weather",
      tags: ["recurring", "weather"],
      status: "open",
      outcomes: [
        { name: "Yes", assetId: "1001", probability: 0.6, winner: null },
        { name: "No", assetId: "1002", probability: 0.4, winner: null },
      ],
      createdAtMs: Date.UTC(2026, 8, 1, 10, 0, 0, 123),
      updatedAtMs: Date.UTC(2026, 8, 2, 10),
      closeTimeMs: Date.UTC(2026, 11, 1),
      closedAtMs: null,
      fees: { type: "crypto_fees_v2", rate: 0.07, exponent: 1, takerOnly: true, rebateRate: 0.2 },
      tickSize: 0.01,
      minOrderSize: 5,
      negRisk: false,
      acceptingOrders: true,
      volume: 1000.5,
      volume24h: 100,
      liquidity: 500,
    });
  });

  test("gives null for what is missing, null or empty, never a default", () => {
    const { id, conditionId, slug, question, closed, outcomes } = aWireMarket();
    const bare = { id, conditionId, slug, question, closed, outcomes, feeType: null, liquidity: "" };

    expect(toMarket(bare, receivedAtMs)).toMatchObject({
      description: null,
      category: null,
      tags: null,
      createdAtMs: null,
      closeTimeMs: null,
      closedAtMs: null,
      updatedAtMs: null,
      fees: null,
      tickSize: null,
      minOrderSize: null,
      negRisk: null,
      acceptingOrders: null,
      volume: null,
      volume24h: null,
      liquidity: null,
      outcomes: [
        { name: "Yes", assetId: null, probability: null, winner: null },
        { name: "No", assetId: null, probability: null, winner: null },
      ],
    });
  });

  test("takes real arrays where JSON in text is usual, and numbers in text", () => {
    const changes = {
      outcomes: ["Up", "Down"],
      outcomePrices: [0.5, "0.5"],
      clobTokenIds: ["7", "8"],
      volumeNum: null,
      volume: "12.5",
    };

    expect(read(changes)).toMatchObject({
      outcomes: [
        { name: "Up", assetId: "7", probability: 0.5 },
        { name: "Down", assetId: "8", probability: 0.5 },
      ],
      volume: 12.5,
    });
  });

  test.each([
    ["", [null, null]],
    ["[]", [null, null]],
    ["null", [null, null]],
    ['["", ""]', [null, null]],
    ['["7", ""]', ["7", null]],
  ])("takes token ids %s for not known yet", (clobTokenIds, expected) => {
    const market = read({ clobTokenIds });

    expect("outcomes" in market && market.outcomes.map(({ assetId }) => assetId)).toEqual(expected);
  });

  test.each([
    ["id", { id: "" }],
    ["id", { id: "0x1" }],
    ["conditionId", { conditionId: "" }],
    ["conditionId", { conditionId: "0x12" }],
    ["conditionId", { conditionId: undefined }],
    ["slug", { slug: "" }],
    ["question", { question: "" }],
    ["closed", { closed: null }],
    ["outcomes", { outcomes: undefined }],
    ["outcomes", { outcomes: "[]" }],
    ["outcomes", { outcomes: "Yes, No" }],
    ["outcomes", { outcomes: '{"0":"Yes"}' }],
    ["clobTokenIds", { clobTokenIds: '["7"]' }],
    ["clobTokenIds", { clobTokenIds: '["7", "8", "9"]' }],
    ["clobTokenIds", { clobTokenIds: '["seven", "8"]' }],
    // Above 2^53 a JSON number has lost digits, and would name another token.
    ["clobTokenIds", { clobTokenIds: "[72690798903588392269001731, 8]" }],
    ["outcomePrices", { outcomePrices: '["1"]' }],
    ["outcomePrices", { outcomePrices: '["1.2", "-0.2"]' }],
    ["endDate", { endDate: "next week" }],
    ["volumeNum", { volumeNum: "lots" }],
  ])("rejects a market for its %s: %o", (field, changes) => {
    const raw = { ...aWireMarket(), ...changes };

    expect(toMarket(raw, receivedAtMs)).toEqual({
      kind: "market",
      reason: expect.stringMatching(new RegExp(`^${field}: `)),
      raw,
      receivedAtMs,
    });
  });
});

// The store refuses a keyword above 32,766 bytes, and the whole batch with it: the sweep would stand still.
describe("the bounds of a market's texts", () => {
  const tags = (count: number) => Array.from({ length: count }, (_, index) => ({ slug: `tag-${index}` }));
  const outcomes = (count: number, bytes = 4) =>
    Array.from({ length: count }, (_, index) => String(index).padEnd(bytes, "x"));
  const bare = { outcomePrices: null, clobTokenIds: null };

  test.each([
    ["slug", { slug: "x".repeat(513) }],
    ["slug", { slug: "ä".repeat(257) }],
    ["question", { question: "x".repeat(4_001) }],
    ["description", { description: "x".repeat(200_001) }],
    ["tags", { tags: [{ slug: "x".repeat(257) }] }],
    ["tags", { tags: tags(150), events: [{ tags: tags(201) }] }],
    ["outcomes", { ...bare, outcomes: outcomes(2, 1_001) }],
    ["outcomes", { ...bare, outcomes: outcomes(257) }],
    ["feeType", { feeType: "x".repeat(257) }],
  ])("reject a market for its %s when it is beyond them", (field, changes) => {
    expect(read(changes)).toMatchObject({
      kind: "market",
      reason: expect.stringMatching(new RegExp(`^${field}: more than `)),
    });
  });

  test("take what is just within them", () => {
    const changes = {
      ...bare,
      slug: "ä".repeat(256),
      question: "x".repeat(4_000),
      description: "x".repeat(200_000),
      tags: [...tags(199), { slug: "x".repeat(256) }],
      outcomes: outcomes(256, 1_000),
      feeType: "x".repeat(256),
    };

    expect(read(changes)).toMatchObject({ slug: changes.slug, fees: { type: changes.feeType } });
  });
});

describe("the status of a market", () => {
  const statusOf = (changes: Partial<PolymarketMarket>) => {
    const market = read(changes);
    if (!("outcomes" in market)) throw new Error(market.reason);
    return [market.status, ...market.outcomes.map(({ winner }) => winner)];
  };
  const won = '["0", "1"]';

  test.each([
    [
      "is open while it is not closed, whatever its prices",
      { closed: false, outcomePrices: won },
      ["open", null, null],
    ],
    [
      "is resolved with its winner once closed and settled",
      { closed: true, outcomePrices: won, umaResolutionStatus: "resolved", automaticallyResolved: true },
      ["resolved", false, true],
    ],
    [
      "is resolved although it still accepts orders",
      { closed: true, outcomePrices: won, acceptingOrders: true },
      ["resolved", false, true],
    ],
    [
      "is only closed while the resolution is disputed",
      { closed: true, outcomePrices: won, umaResolutionStatus: "disputed" },
      ["closed", null, null],
    ],
    [
      "has no winner when it was split",
      { closed: true, outcomePrices: '["0.5", "0.5"]', umaResolutionStatus: "resolved" },
      ["closed", null, null],
    ],
    [
      "is only closed near the end",
      { closed: true, outcomePrices: '["0.9995", "0.0005"]' },
      ["closed", null, null],
    ],
    [
      "is only closed where a legacy market states 0 for all",
      { closed: true, outcomePrices: '["0", "0"]' },
      ["closed", null, null],
    ],
    [
      "is only closed where both are stated as 1",
      { closed: true, outcomePrices: '["1", "1"]' },
      ["closed", null, null],
    ],
    ["is only closed without prices", { closed: true, outcomePrices: null }, ["closed", null, null]],
  ])("%s", (_what, changes, expected) => {
    expect(statusOf(changes)).toEqual(expected);
  });

  test("states no probability where a legacy market states 0 for every outcome", () => {
    expect(read({ closed: true, outcomePrices: '["0", "0"]' })).toMatchObject({
      outcomes: [{ probability: null }, { probability: null }],
    });
  });
});

describe("times", () => {
  test.each([
    ["2026-07-24T00:00:16Z", Date.UTC(2026, 6, 24, 0, 0, 16)],
    ["2026-07-24T00:00:16.98765Z", Date.UTC(2026, 6, 24, 0, 0, 16, 987)],
    ["2026-07-24T00:00:16.5Z", Date.UTC(2026, 6, 24, 0, 0, 16, 500)],
    ["2026-07-24 00:00:16+00", Date.UTC(2026, 6, 24, 0, 0, 16)],
    ["2026-07-24 02:00:16+0200", Date.UTC(2026, 6, 24, 0, 0, 16)],
    ["2026-07-23T20:00:16-04:00", Date.UTC(2026, 6, 24, 0, 0, 16)],
    ["2026-07-24", Date.UTC(2026, 6, 24)],
  ])("are read in every form seen upstream: %s", (closedTime, expected) => {
    expect(read({ closedTime })).toMatchObject({ closedAtMs: expected });
  });
});

describe("tags and category", () => {
  test("join the market's own tags with those of its event, sorted, each once", () => {
    const events = [{ tags: [{ slug: "weather" }, { slug: "munich" }] }, {}];

    expect(read({ events })).toMatchObject({ tags: ["munich", "recurring", "weather"] });
  });

  test("are null where the answer carried no tags, and empty where it carried none of any", () => {
    expect(read({ tags: null, events: [{}] })).toMatchObject({ tags: null, category: null });
    expect(read({ tags: [] })).toMatchObject({ tags: [], category: null });
  });

  test("take the narrower topic where two match", () => {
    const tags = [{ slug: "politics" }, { slug: "us-elections" }, { slug: "elections" }];

    expect(read({ tags })).toMatchObject({ category: "elections" });
  });
});

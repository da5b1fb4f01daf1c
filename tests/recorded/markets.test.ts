import type { Market, RejectedRecord } from "@polytape/market-model";
import { isRejected, toMarket } from "@polytape/polymarket-source";
import { describe, expect, test } from "vitest";
import { isRecord, READ_AT_MS, recordedFiles, recordedValues, recordingsAbsent } from "./recordings.ts";

/** Market objects of a file: bare, in a list, in an event, or in a log line of events. */
function marketsIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(marketsIn);
  if (isRecord(value) && "gamma_events" in value) return marketsIn(value["gamma_events"]);
  if (isRecord(value) && Array.isArray(value["markets"])) return value["markets"];
  return [value];
}

function read(file: string): (Market | RejectedRecord)[] {
  return marketsIn(recordedValues(`gamma/${file}`)).map((raw) => toMarket(raw, READ_AT_MS));
}

/** Markets, and of them resolved and closed ones; what is left is open. */
const COUNTS: Readonly<Record<string, readonly [markets: number, resolved: number, closed: number]>> = {
  "event_negrisk_fed_decision.json": [5, 0, 0],
  "event_timeseries_munich_tokyo_2026-07-03.ndjson": [176, 0, 0],
  "events_weather_2026-06-16_first.json": [33, 0, 0],
  "markets_btc5m_closed_resolved_a.ndjson": [60, 60, 0],
  "markets_closed_batch.json": [2, 2, 0],
  "markets_open_high_volume_a.json": [2, 0, 0],
  "markets_open_negrisk_list.json": [3, 0, 0],
  "nt_event.json": [2, 0, 0],
  "nt_market_closed_accepting_true.json": [1, 1, 0],
  "nt_market_closed_nonbinary_legacy.json": [1, 0, 1],
  "nt_market_crypto_twap.json": [1, 0, 0],
  "nt_market_sports_moneyline.json": [1, 1, 0],
};
/** Tags, not markets: all are rejected. */
const TAGS = "nt_tags.json";

describe.skipIf(recordingsAbsent)("recorded markets", () => {
  test("every file of the folder is read here", () => {
    expect(recordedFiles("gamma")).toEqual([...Object.keys(COUNTS), TAGS].sort());
  });

  test.each(Object.entries(COUNTS))("%s: every object is a market", (file, [markets, resolved, closed]) => {
    const records = read(file);

    expect(records.filter(isRejected)).toEqual([]);
    const statuses = records.map((record) => (isRejected(record) ? "rejected" : record.status));
    const count = (status: string) => statuses.filter((other) => other === status).length;
    expect([count("resolved"), count("closed"), count("open")]).toEqual([
      resolved,
      closed,
      markets - resolved - closed,
    ]);
  });

  test("every resolved market has one winner, and every outcome its token", () => {
    for (const market of Object.keys(COUNTS).flatMap(read)) {
      if (isRejected(market)) throw new Error(market.reason);
      const { slug, status, outcomes } = market;
      const winners = outcomes.filter(({ winner }) => winner).length;
      expect([slug, winners]).toEqual([slug, status === "resolved" ? 1 : 0]);
      expect(outcomes.every(({ assetId }) => assetId !== null)).toBe(true);
    }
  });

  test("five tag objects are rejected by the first field that they lack", () => {
    expect(read(TAGS).map((record) => isRejected(record) && record.reason.split(":")[0])).toEqual(
      Array.from({ length: 5 }, () => "conditionId"),
    );
  });

  test("a legacy scalar market keeps its fractional prices and has no winner", () => {
    expect(read("nt_market_closed_nonbinary_legacy.json")[0]).toMatchObject({
      gammaId: "43",
      status: "closed",
      closedAtMs: Date.UTC(2021, 0, 2, 21, 45, 52),
      tags: null,
      category: null,
      fees: null,
      tickSize: null,
      outcomes: [
        { name: "Long", probability: 0.5843311669077693, winner: null },
        { name: "Short", probability: 0.4156688330922307, winner: null },
      ],
    });
  });

  test("a trimmed market has nulls where its keys are missing", () => {
    expect(read("nt_market_crypto_twap.json")[0]).toMatchObject({
      status: "open",
      description: null,
      createdAtMs: null,
      updatedAtMs: null,
      volume: null,
      liquidity: null,
      fees: { type: null, rate: 0.07, exponent: 1, takerOnly: true, rebateRate: 0.2 },
    });
  });

  test("the tags of an event give its markets their category", () => {
    const [event] = recordedValues("gamma/event_negrisk_fed_decision.json");
    if (!isRecord(event)) throw new Error("no event");

    const markets = marketsIn(event).map((raw) =>
      toMarket({ ...(isRecord(raw) ? raw : {}), events: [{ tags: event["tags"] }] }, READ_AT_MS),
    );

    for (const market of markets)
      expect(market).toMatchObject({
        category: "economy",
        tags: ["economic-policy", "economy", "fed", "fed-rates", "fomc", "jerome-powell", "politics"],
      });
  });
});

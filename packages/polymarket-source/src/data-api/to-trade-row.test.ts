import { describe, expect, test } from "vitest";
import { isRejected } from "../http/rejected.ts";
import { aWireTrade } from "../testing/wire-records.ts";
import { toTradeRow } from "./to-trade-row.ts";

const receivedAtMs = 1_790_000_005_000;

describe("toTradeRow", () => {
  test("gives ids in lower case, the side in our words and numbers as numbers", () => {
    const wire = aWireTrade({
      transaction_hash: `0x${"C3".repeat(32)}`,
      condition_id: `0x${"A1".repeat(32)}`,
      proxy_wallet: `0x${"B2".repeat(20)}`,
      side: "SELL",
    });

    expect(toTradeRow({ ...wire, title: "later", outcome_index: 999 }, receivedAtMs)).toEqual({
      marketId: `0x${"a1".repeat(32)}`,
      assetId: "1001",
      wallet: `0x${"b2".repeat(20)}`,
      transactionHash: `0x${"c3".repeat(32)}`,
      side: "sell",
      price: 0.6,
      size: 10,
      tsSeconds: 1_790_000_000,
    });
  });

  test.each([
    [{ price: "0.13155333333333333", size: "5.0" }, 0.13155333333333333, 5],
    [{ price: 1, size: "1e-2" }, 1, 0.01],
    [{ price: 0.0001, size: 1_500_000.25 }, 0.0001, 1_500_000.25],
  ])("takes numbers and numbers in text: %o", (changes, price, size) => {
    expect(toTradeRow(aWireTrade(changes), receivedAtMs)).toMatchObject({ price, size });
  });

  test.each([
    ["transaction_hash", { transaction_hash: "0x12" }],
    ["condition_id", { condition_id: "" }],
    ["proxy_wallet", { proxy_wallet: `0x${"g".repeat(40)}` }],
    ["token_id", { token_id: "" }],
    ["token_id", { token_id: "9".repeat(79) }],
    ["token_id", { token_id: "0x1f" }],
    ["token_id", { token_id: 1001 }],
    ["side", { side: "buy" }],
    ["side", { side: undefined }],
    ["price", { price: 0 }],
    ["price", { price: 1.01 }],
    ["price", { price: "" }],
    ["price", { price: " 0.5" }],
    ["price", { price: null }],
    ["size", { size: 0 }],
    ["size", { size: -3 }],
    ["size", { size: "many" }],
    ["size", { size: 1e10 }],
    ["timestamp", { timestamp: 1_790_000_000.5 }],
    ["timestamp", { timestamp: 1_790_000_000_000 }],
    ["timestamp", { timestamp: 1_790_000_306 }],
    ["timestamp", { timestamp: 0 }],
    ["timestamp", { timestamp: "1790000000" }],
  ])("rejects a row for its %s: %o", (field, changes) => {
    const raw = { ...aWireTrade(), ...changes };

    const row = toTradeRow(raw, receivedAtMs);

    expect(row).toMatchObject({ kind: "trade", raw, receivedAtMs });
    expect(isRejected(row) && row.reason).toMatch(new RegExp(`^${field}: `));
  });

  test("takes a row that is ahead of our clock by no more than five minutes", () => {
    expect(toTradeRow(aWireTrade({ timestamp: 1_790_000_305 }), receivedAtMs)).toMatchObject({
      tsSeconds: 1_790_000_305,
    });
  });

  test.each([null, undefined, "row", 5, []])("rejects what is no row at all: %o", (raw) => {
    expect(toTradeRow(raw, receivedAtMs)).toMatchObject({ kind: "trade", raw });
  });
});

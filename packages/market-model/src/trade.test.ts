import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { aTradeRow } from "./testing.ts";
import { identifyTrade, notionalMillionths, sizeMillionths, tradeRowKey } from "./trade.ts";

test("computes the id by the written recipe", () => {
  const row = aTradeRow({ price: 0.13155333333333333, size: 5 });
  const text = [
    "t1",
    row.transactionHash,
    row.marketId,
    row.assetId,
    row.wallet,
    "buy",
    "0.13155333333333333",
    "5",
    String(row.tsSeconds),
    "3",
  ].join("\n");
  const digest = createHash("sha256").update(text).digest();

  const { tradeId, tie } = identifyTrade(row, 3);

  expect(tradeId).toBe(digest.subarray(0, 16).toString("base64url"));
  expect(BigInt(tie)).toBe(digest.readBigUInt64BE(0) >> 12n);
});

test("computes ids and ties by the recipe whatever bits the digest has", () => {
  for (let occurrence = 0; occurrence < 500; occurrence += 1) {
    const row = aTradeRow();
    const digest = createHash("sha256")
      .update(`t1\n${tradeRowKey(row)}\n${occurrence}`)
      .digest();

    expect(identifyTrade(row, occurrence)).toEqual({
      tradeId: digest.toString("base64url", 0, 16),
      tie: Number(digest.readBigUInt64BE(0) >> 12n),
    });
  }
});

test("gives the same id to a number written as 5 and as 5.0", () => {
  const [a, b] = ['{"size":5}', '{"size":5.0}'].map((text) => aTradeRow({ size: JSON.parse(text).size }));

  expect(a && identifyTrade(a, 0)).toEqual(b && identifyTrade(b, 0));
});

test("counts shares and dollars in whole millionths", () => {
  const row = aTradeRow({ price: 0.07, size: 1.000001 });

  expect(sizeMillionths(row)).toBe(1_000_001);
  expect(notionalMillionths(row)).toBe(70_000);
});

import { numberEqualTrades, type RejectedRecord, type TradeRow } from "@polytape/market-model";
import { isRejected, toTradeRow, toTradeRowV1 } from "@polytape/polymarket-source";
import { polymarketTradePage } from "@polytape/polymarket-source/wire";
import { describe, expect, test } from "vitest";
import { isRecord, READ_AT_MS, recordedValues, recordingsAbsent } from "./recordings.ts";

/** Names of v1 rows in the words of v2. */
const V2_NAMES: Readonly<Record<string, string>> = {
  proxyWallet: "proxy_wallet",
  asset: "token_id",
  conditionId: "condition_id",
  transactionHash: "transaction_hash",
};

function v1Rows(file: string): unknown[] {
  const rows = recordedValues(`data_api/${file}`).flat();
  return rows.map((row) =>
    isRecord(row)
      ? Object.fromEntries(Object.entries(row).map(([name, value]) => [V2_NAMES[name] ?? name, value]))
      : row,
  );
}

function read(rows: readonly unknown[]): { trades: TradeRow[]; rejected: RejectedRecord[] } {
  const trades: TradeRow[] = [];
  const rejected: RejectedRecord[] = [];
  for (const raw of rows) {
    const row = toTradeRow(raw, READ_AT_MS);
    if (isRejected(row)) rejected.push(row);
    else trades.push(row);
  }
  return { trades, rejected };
}

describe.skipIf(recordingsAbsent)("recorded trades", () => {
  test.each([
    ["trades_v1_gabagool_945pm.json", 45],
    ["trades_v1_baguette_10pm.json", 6],
    ["trades_v1_baguette_trades.json", 35],
    ["trades_v1_user_500_a.json", 250],
    ["nt_trades_v1_minimal_fields.json", 3],
  ])("%s gives %i trades and no rejection", (file, count) => {
    const { trades, rejected } = read(v1Rows(file));

    expect(rejected).toEqual([]);
    expect(trades).toHaveLength(count);
  });

  test("45 rows of one wallet keep their four equal ones, and a second walk gives the same ids", () => {
    const { trades } = read(v1Rows("trades_v1_gabagool_945pm.json"));
    const walk = () => numberEqualTrades().number(trades, { rowSet: "all", receivedAtMs: READ_AT_MS });

    const numbered = walk();

    expect(new Set(numbered.map(({ tradeId }) => tradeId)).size).toBe(45);
    expect(new Set(numbered.map(({ tie }) => tie)).size).toBe(45);
    const repeated = numbered.filter(({ occurrence }) => occurrence > 0);
    expect(repeated.map(({ occurrence }) => occurrence)).toEqual([1, 2, 3]);
    const [hash] = new Set(repeated.map(({ transactionHash }) => transactionHash));
    expect(hash).toMatch(/^0x029a9ed6/);
    expect(numbered.filter(({ transactionHash }) => transactionHash === hash)).toHaveLength(5);
    expect(walk()).toEqual(numbered);
  });

  test.each([
    "trades_v1_gabagool_945pm.json",
    "trades_v1_user_500_a.json",
    "nt_trades_v1_minimal_fields.json",
  ])("%s gives the same ids read as v1 as under the names of v2", (file) => {
    const numbered = (rows: readonly (TradeRow | RejectedRecord)[]) =>
      numberEqualTrades()
        .number(
          rows.filter((row): row is TradeRow => !isRejected(row)),
          { rowSet: "all", receivedAtMs: READ_AT_MS },
        )
        .map(({ tradeId }) => tradeId);
    const asV1 = recordedValues(`data_api/${file}`).flat();

    const ids = numbered(asV1.map((row) => toTradeRowV1(row, READ_AT_MS)));

    expect(ids.length).toBe(asV1.length);
    expect(ids).toEqual(numbered(v1Rows(file).map((row) => toTradeRow(row, READ_AT_MS))));
  });

  test("a page of v2 gives two trades, although outcome and event are not known yet", () => {
    const page = polymarketTradePage.parse(recordedValues("data_api/trades_v2_page.json")[0]);

    const { trades, rejected } = read(page.data);

    expect(rejected).toEqual([]);
    expect(trades.map(({ side, price, size, tsSeconds }) => [side, price, size, tsSeconds])).toEqual([
      ["buy", 0.52, 22.84, 1_789_381_477],
      ["buy", 0.002, 5, 1_789_381_477],
    ]);
    expect(page.pagination.next_cursor).toMatch(/^eyJ/);
  });

  test("activity rows that are no trades are rejected by the field that they lack", () => {
    const rows = v1Rows("activity_v1_user_a.json");

    const { trades, rejected } = read(rows);

    expect([rows.length, trades.length]).toEqual([250, 236]);
    expect(new Set(rejected.map(({ reason }) => reason.split(":")[0]))).toEqual(new Set(["side"]));
    expect(rejected).toHaveLength(14);
  });
});

import { z } from "zod";
import { type Command, defineCommand } from "../command.ts";
import { columns, format } from "../reading/output.ts";
import { all, asked, askedMoment, printList, rowLimit } from "../reading/paged-list.ts";

const trades = defineCommand({
  name: "trades",
  operands: [],
  summary: "trades of one market or of all, newest first (over the API)",
  options: z.strictObject({
    market: asked("condition id, Gamma id or slug; default all markets"),
    outcome: asked("name, index or asset id of an outcome"),
    side: asked("buy or sell: the taker's"),
    from: askedMoment("event time, included"),
    to: askedMoment("event time, excluded"),
    sort: asked("ts:desc (default) or ts:asc"),
    "row-set": asked("taker (default) or all"),
    limit: rowLimit,
    all,
    format,
  }),
  run({ options: { market, "row-set": rowSet, limit, all, format, ...query } }, tools) {
    const question = { ...query, market_id: market, row_set: rowSet };
    return printList({ path: "v1/trades", query: question, columns: COLUMNS }, { limit, all, format }, tools);
  },
});

const COLUMNS = columns(
  ["ts", "side", "price", "size", "notional", "outcome", "market_id"],
  ["outcome_index", "asset_id", "wallet", "transaction_hash", "trade_id"],
);

export const tradeCommands: readonly Command[] = [trades];

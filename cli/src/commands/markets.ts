import { z } from "zod";
import { type Command, defineCommand } from "../command.ts";
import { columns, csvLines, fieldTable, format } from "../reading/output.ts";
import { all, asked, askedMoment, printList, row, rowLimit } from "../reading/paged-list.ts";
import { readAnswer } from "../reading/read-answer.ts";

const markets = defineCommand({
  name: "markets",
  operands: [],
  summary: "markets, those that close last first (over the API)",
  options: z.strictObject({
    q: asked("words of the title or the description"),
    category: asked("a topic, such as politics"),
    status: asked("open, closed or resolved"),
    from: askedMoment("earliest close time, included"),
    to: askedMoment("latest close time, excluded"),
    limit: rowLimit,
    all,
    format,
  }),
  run({ options: { limit, all, format, ...query } }, tools) {
    return printList({ path: "v1/markets", query, columns: COLUMNS }, { limit, all, format }, tools);
  },
});

const market = defineCommand({
  name: "market",
  operands: ["market"],
  summary: "one market, named by condition id, Gamma id or slug (over the API)",
  options: z.strictObject({ format }),
  async run({ operands, options }, tools) {
    const path = `v1/markets/${encodeURIComponent(operands.join())}`;
    const found = await readAnswer(await tools.api(), path, {}, row);
    if (options.format === "json") tools.print(JSON.stringify(found));
    else if (options.format === "csv")
      csvLines([Object.keys(found), Object.values(found)]).forEach(tools.print);
    else fieldTable(found).forEach(tools.print);
  },
});

const COLUMNS = columns(
  ["slug", "status", "close_time", "volume", "title", "market_id"],
  [
    "gamma_id",
    "description",
    "category",
    "tags",
    "created_at",
    "outcomes",
    "fees",
    "tick_size",
    "liquidity",
    "updated_at",
  ],
);

export const marketCommands: readonly Command[] = [markets, market];

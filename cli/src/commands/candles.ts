import { CANDLE_INTERVALS } from "@polytape/market-model";
import { z } from "zod";
import { type Command, defineCommand, type Tools } from "../command.ts";
import { usage } from "../parse-command.ts";
import type { Query } from "../reading/api-client.ts";
import { coverageBlock, keptFields, sayCompleteness } from "../reading/completeness.ts";
import { columns, format, rowWriter } from "../reading/output.ts";
import { all, askedMoment, completenessOf, row, sayRows } from "../reading/paged-list.ts";
import { readAnswer } from "../reading/read-answer.ts";
import { type Page, readPages } from "../reading/read-pages.ts";

const candles = defineCommand({
  name: "candles",
  operands: ["market"],
  summary: "evenly spaced candles of one outcome, oldest first (over the API)",
  options: z.strictObject({
    outcome: z.string().meta({ description: "name, index or asset id of an outcome" }),
    interval: z
      .enum(CANDLE_INTERVALS, `must be ${CANDLE_INTERVALS.join(", ")}`)
      .meta({ description: CANDLE_INTERVALS.join(", ") }),
    from: askedMoment("included; default 100 windows before the end"),
    to: askedMoment("excluded; default now"),
    all,
    format,
  }),
  async run({ operands, options: { all, format, ...query } }, tools) {
    if (all && query.from === undefined)
      throw usage(
        "candles: --all needs --from, a day or a moment: without it there are only the last 100 windows.",
      );
    const reading = await readPages(
      {
        first: { market_id: operands.join(), ...query },
        rowsMax: null,
        follow: all ?? false,
        write: rowWriter(format ?? "table", COLUMNS, tools.print),
        ask: (question) => askCandles(question, all ?? false, tools),
      },
      tools,
    );
    sayRows(reading, tools);
    // Each answer speaks of its own stretch.
    sayCompleteness(reading.pages, tools);
  },
});

const candlesAnswer = z.object({
  candles: z.array(row),
  next_from: z.string().nullable(),
  coverage: coverageBlock,
  ...keptFields.shape,
});

/** One answer; the API's bound is no cut when the rest is read as well. */
async function askCandles(query: Query, follow: boolean, tools: Tools): Promise<Page> {
  const answer = await readAnswer(await tools.api(), "v1/candles", query, candlesAnswer);
  const completeness = completenessOf(answer);
  const goesOn = follow && answer.next_from !== null && completeness.truncatedBy === "limit";
  return {
    rows: answer.candles,
    next: answer.next_from === null ? null : { ...query, from: answer.next_from },
    completeness: goesOn ? { ...completeness, truncatedBy: null } : completeness,
  };
}

const COLUMNS = columns(
  ["open_time", "open", "high", "low", "close", "volume", "vwap", "n", "observed", "final"],
  ["notional", "buy_volume", "sell_volume", "rev"],
);

export const candleCommands: readonly Command[] = [candles];

import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { type Command, defineCommand } from "../command.ts";
import { ANSWER_INCOMPLETE } from "../exit-status.ts";
import { csvLines, format } from "../reading/output.ts";
import { asked, askedMoment } from "../reading/paged-list.ts";
import { readAnswer } from "../reading/read-answer.ts";
import { tableLines } from "../table.ts";

const book = defineCommand({
  name: "book",
  operands: ["market"],
  summary: "the order book of one outcome at a moment (over the API)",
  options: z.strictObject({
    outcome: z.string().meta({ description: "name, index or asset id of an outcome" }),
    at: askedMoment("the moment; default now"),
    match: asked("before (default) or nearest"),
    side: asked("bid or ask; default both"),
    format,
  }),
  async run({ operands, options: { format, ...query } }, tools) {
    const question = { market_id: operands.join(), ...query };
    const found = await readAnswer(await tools.api(), "v1/orderbook", question, bookAnswer);
    if (format === "json") tools.print(JSON.stringify(found));
    else if (format === "csv")
      csvLines([["side", "level", "price", "size"], ...levelRows(found)]).forEach(tools.print);
    else tableLines(["bid size", "bid", "ask", "ask size"], ladder(found)).forEach(tools.print);
    tools.tell(`Changed at ${found.ts}; ${found.age_ms} ms old; ${found.source}.`);
    if (!found.verified)
      throw new PolytapeError(
        "operating",
        ANSWER_INCOMPLETE,
        "This book does not agree with the venue's hash.",
      );
  },
});

const level = z.object({ level: z.int(), price: z.number(), size: z.number() });
const bookAnswer = z.looseObject({
  ts: z.string(),
  bids: z.array(level).optional(),
  asks: z.array(level).optional(),
  verified: z.boolean(),
  source: z.string(),
  age_ms: z.number(),
});
type Book = z.output<typeof bookAnswer>;

function levelRows({ bids = [], asks = [] }: Book) {
  const rowsOf = (side: string, levels: typeof bids) =>
    levels.map(({ level, price, size }) => [side, level, price, size]);
  return [...rowsOf("bid", bids), ...rowsOf("ask", asks)];
}

/** Best first on both sides, side by side. */
function ladder({ bids = [], asks = [] }: Book) {
  return Array.from({ length: Math.max(bids.length, asks.length) }, (_, place) => [
    bids[place]?.size,
    bids[place]?.price,
    asks[place]?.price,
    asks[place]?.size,
  ]);
}

export const bookCommands: readonly Command[] = [book];

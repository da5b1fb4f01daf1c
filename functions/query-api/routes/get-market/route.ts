import { z } from "zod";
import { marketNotFound } from "../../catalogue/choose-outcome.ts";
import { marketAnswer, marketAnswerOf } from "../../catalogue/market-answer.ts";
import { marketIdParameter } from "../../http/parameters.ts";
import { defineRoute } from "../../http/route.ts";

/** One market, by any of its names. */
export const getMarket = defineRoute({
  name: "get-market",
  path: "/v1/markets/{id}",
  summary: "One market",
  description:
    "A market as last observed, by condition id, Gamma id or slug. Remembered for up to 30 seconds. A resolved market carries an ETag.",
  access: "key",
  parts: z.strictObject({ id: marketIdParameter }),
  query: z.strictObject({}),
  answer: marketAnswer,
  refusals: ["market_not_found"],
  freshSeconds: 5,
  isSettled: ({ status }) => status === "resolved",
  async handle(api, { parts }) {
    const market = await api.markets.find(/^0x/i.test(parts.id) ? parts.id.toLowerCase() : parts.id);
    if (market === null) throw marketNotFound();
    return marketAnswerOf(market);
  },
});

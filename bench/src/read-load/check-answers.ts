import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { RawClient } from "../raw-http.ts";
import type { LoadQuestion } from "./load-questions.ts";
import { SIDES, type Sides } from "./sides.ts";

/** What must be true of an answer, or something else would be measured than what is said. */
const wholeAnswer = z.looseObject({
  coverage: z.looseObject({ complete: z.boolean().nullable(), gaps: z.array(z.unknown()) }).optional(),
});

/**
 * Every variant of a question once on every side that has an address: it must be answered with 200 and something, and what
 * speaks of its completeness must be complete (the catalogue, which the ledger does not know, says null).
 */
export async function checkAnswers(http: RawClient, sides: Sides, question: LoadQuestion): Promise<void> {
  for (const side of SIDES.filter((each) => each !== "app")) {
    for (const request of sides.requests(question, side) ?? []) {
      const { status, text } = await http.send(request);
      const isWhole =
        status === 200 && text.length > 100 && (side === "direct" || isComplete(text, question));
      if (isWhole) continue;
      const start = `${text.slice(0, 200)} … ${text.slice(-600)}`;
      throw new PolytapeError(
        "operating",
        "not_whole",
        `${question.name} (${side}) answered ${status}: ${start}`,
      );
    }
  }
}

function isComplete(text: string, { name }: LoadQuestion): boolean {
  const { coverage } = wholeAnswer.parse(JSON.parse(text));
  return coverage === undefined || coverage.complete === true || name === "/v1/markets";
}

import type { BenchGround } from "../bench-ground.ts";
import type { JudgedFigure } from "../figure.ts";
import { measureAnswerParts } from "./answer-parts.ts";
import { checkAnswers } from "./check-answers.ts";
import { fillReadLoad } from "./fill-read-load.ts";
import { loadQuestions } from "./load-questions.ts";
import { measureFairness } from "./measure-fairness.ts";
import { measureLoad } from "./measure-load.ts";
import { openSides } from "./sides.ts";

/** Every endpoint under load over a month of trades: against OpenSearch itself, at each depth, and beside a crowd. */
export async function measureReadLoad(ground: BenchGround, trades: number): Promise<JudgedFigure[]> {
  const month = await fillReadLoad(ground, trades);
  const questions = await loadQuestions(ground, month);
  const sides = await openSides(ground);
  try {
    for (const question of questions) await checkAnswers(ground.http, sides, question);
    const figures = await measureLoad(ground, sides, questions);
    const [crowded] = questions.filter(({ name }) => name === "/v1/trades, first page");
    const fairness = crowded ? await measureFairness(ground, sides.process("gateway"), crowded) : [];
    return [...figures, ...(await measureAnswerParts(ground, sides, questions)), ...fairness];
  } finally {
    sides.stop();
  }
}

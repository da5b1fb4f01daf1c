import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { BenchGround } from "../bench-ground.ts";
import type { RawRequest } from "../raw-http.ts";
import { median } from "../statistics.ts";
import { searchOf } from "./alternatives.ts";
import type { ChoiceQuestion } from "./choice-questions.ts";
import type { FilledChoice } from "./fill-choice.ts";

/** The p50 of one question asked of one index, in one round. */
export type Round = (filled: FilledChoice, question: ChoiceQuestion) => number;

/** How often each question is asked in a round, its variants in turn. */
const ASKED_A_ROUND = 8;

/** Every question of every index, one at a time, in an order that rotates. */
export async function askRound(
  ground: BenchGround,
  questions: readonly ChoiceQuestion[],
  { all, round }: { all: readonly FilledChoice[]; round: number },
): Promise<Round> {
  const p50Ms = new Map<string, number>();
  for (const question of questions)
    for (let place = 0; place < all.length; place += 1) {
      const filled = all[(round + place) % all.length];
      if (filled) p50Ms.set(keyOf(filled, question), await medianMs(ground, filled, question));
    }
  return (filled, question) => p50Ms.get(keyOf(filled, question)) ?? Number.NaN;
}

async function medianMs(
  ground: BenchGround,
  filled: FilledChoice,
  question: ChoiceQuestion,
): Promise<number> {
  const requests = requestsOf(ground, filled, question);
  const tookMs: number[] = [];
  for (let asked = 0; asked < ASKED_A_ROUND; asked += 1) {
    const request = requests[asked % requests.length];
    if (!request) break;
    const askedMs = performance.now();
    const { status, text } = await ground.http.send(request);
    tookMs.push(performance.now() - askedMs);
    if (status !== 200) throw notAnswered(filled, question, text);
  }
  return median(tookMs);
}

const answer = z.object({
  hits: z
    .object({ hits: z.array(z.unknown()).default([]), total: z.unknown().optional() })
    .default({ hits: [] }),
  aggregations: z.unknown().optional(),
});

/** What is faster because it finds less would be no alternative. */
export async function requireSameAnswers(
  ground: BenchGround,
  questions: readonly ChoiceQuestion[],
  [shipped, ...others]: readonly FilledChoice[],
): Promise<void> {
  for (const question of questions) {
    const expected = shipped && (await foundBy(ground, shipped, question));
    for (const other of others) {
      const found = await foundBy(ground, other, question);
      if (found !== expected) throw notAnswered(other, question, `${found} instead of ${expected}`);
    }
  }
}

/** How many documents each variant finds, and what it sums. */
async function foundBy(ground: BenchGround, filled: FilledChoice, question: ChoiceQuestion): Promise<string> {
  const answers = await Promise.all(requestsOf(ground, filled, question).map(ground.http.send));
  const found = answers.map(({ text }) => {
    const { hits, aggregations } = answer.parse(JSON.parse(text));
    return [hits.hits.length, hits.total, aggregations];
  });
  return JSON.stringify(found);
}

function requestsOf(
  { stack }: BenchGround,
  { alternative, index }: FilledChoice,
  { paths, bodies }: ChoiceQuestion,
): RawRequest[] {
  // Sums of an index that nobody writes to would be remembered.
  const url = `${stack.urls.openSearch}/${index}/_search?request_cache=false&filter_path=${paths}`;
  const headers = { "content-type": "application/json" };
  return bodies.map((body) => ({ url, method: "POST", headers, body: searchOf(alternative, body) }));
}

function keyOf({ index }: FilledChoice, { name }: ChoiceQuestion): string {
  return `${index} ${name}`;
}

function notAnswered({ alternative }: FilledChoice, { name }: ChoiceQuestion, text: string): PolytapeError {
  return new PolytapeError("operating", "other_answer", `${alternative.name}, ${name}: ${text}`);
}

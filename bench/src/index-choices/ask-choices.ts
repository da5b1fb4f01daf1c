import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { BenchGround } from "../bench-ground.ts";
import type { RawRequest } from "../raw-http.ts";
import { median } from "../statistics.ts";
import { searchOf } from "./alternatives.ts";
import type { ChoiceQuestion } from "./choice-questions.ts";
import type { FilledChoice } from "./fill-choices.ts";

/** The p50 of one question asked of one index, in one round. */
export type Round = (filled: FilledChoice, question: ChoiceQuestion) => number;

/** How often each question is asked in a round, its variants in turn. */
const ASKED_A_ROUND = 8;

interface Turn {
  readonly filled: FilledChoice;
  readonly question: ChoiceQuestion;
  readonly request: RawRequest;
}

/** Every question of every index, one at a time. */
export async function askRound(
  ground: BenchGround,
  questions: readonly ChoiceQuestion[],
  place: { all: readonly FilledChoice[]; round: number },
): Promise<Round> {
  const taken: (Turn & { readonly tookMs: number })[] = [];
  for (const question of questions)
    for (const turn of turnsOf(ground, question, place)) {
      const askedMs = performance.now();
      const { status, text } = await ground.http.send(turn.request);
      taken.push({ ...turn, tookMs: performance.now() - askedMs });
      if (status !== 200) throw notAnswered(turn.filled, question, text);
    }
  return (filled, question) =>
    median(
      taken.flatMap((turn) => (turn.filled === filled && turn.question === question ? turn.tookMs : [])),
    );
}

/** A question is asked of all indices before it is asked again, of another one first. */
function turnsOf(
  ground: BenchGround,
  question: ChoiceQuestion,
  { all, round }: { all: readonly FilledChoice[]; round: number },
): Turn[] {
  const requests = new Map(all.map((filled) => [filled, requestsOf(ground, filled, question)]));
  return Array.from({ length: ASKED_A_ROUND }, (_, time) => {
    const from = (round + time) % all.length;
    return [...all.slice(from), ...all.slice(0, from)].flatMap((filled) => {
      const variants = requests.get(filled) ?? [];
      const request = variants[time % variants.length];
      return request ? [{ filled, question, request }] : [];
    });
  }).flat();
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

function notAnswered({ alternative }: FilledChoice, { name }: ChoiceQuestion, text: string): PolytapeError {
  return new PolytapeError("operating", "other_answer", `${alternative.name}, ${name}: ${text}`);
}

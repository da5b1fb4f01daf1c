import type { BenchGround } from "../bench-ground.ts";
import { figure, type JudgedFigure } from "../figure.ts";
import { figureOfPairs, takeTurns } from "../turns.ts";
import { ALTERNATIVES, SHIPPED } from "./alternatives.ts";
import { askRound, type Round, requireSameAnswers } from "./ask-choices.ts";
import { type ChoiceSubject, choiceSubjects } from "./choice-subjects.ts";
import { dropChoice, type FilledChoice, fillChoices } from "./fill-choices.ts";

const PLAN = { rounds: 15, warmUps: 4, enoughAfterMs: 60_000 };
/** Of 5,000 documents: filled with these once before, every index finds both sides warm. */
const WARM_UP_BODIES = 10;

/**
 * Indices of trades, candles and books as the templates make them, beside indices made with one thing done
 * otherwise: the same documents in each, merged to one segment, and asked in turn what the API asks
 * (docs/decisions/0019).
 */
export async function measureIndexChoices(ground: BenchGround): Promise<JudgedFigure[]> {
  const figures: JudgedFigure[] = [];
  for (const subject of await choiceSubjects(ground)) {
    const all = await fillAll(ground, subject);
    await requireSameAnswers(ground, subject.questions, all);
    const rounds = await takeTurns(PLAN, (round) => askRound(ground, subject.questions, { all, round }));
    for (const filled of all) await dropChoice(ground, filled);
    const shipped = all.at(-1);
    for (const other of all.slice(0, -1))
      if (shipped) figures.push(...figuresOf(subject, { shipped, other, rounds }));
    ground.tell(`  ${subject.name}: ${all.length} indices measured`);
  }
  return figures;
}

/** What is shipped last, when everything is as warm as it gets. */
async function fillAll(ground: BenchGround, subject: ChoiceSubject): Promise<FilledChoice[]> {
  const wanted = { alternatives: [...ALTERNATIVES[subject.template], SHIPPED], bodiesMax: WARM_UP_BODIES };
  const known = (await fillChoices(ground, subject, wanted)).map(({ alternative }) => alternative);
  return fillChoices(ground, subject, { alternatives: known, bodiesMax: Number.POSITIVE_INFINITY });
}

/** The alternative by what is shipped: below 1 it is better. */
function figuresOf(
  subject: ChoiceSubject,
  { shipped, other, rounds }: { shipped: FilledChoice; other: FilledChoice; rounds: readonly Round[] },
): JudgedFigure[] {
  const name = (what: string) => `${subject.name}, ${other.alternative.name}: ${what}`;
  return [
    figure({ name: name("bytes a document"), unit: "B", value: other.bytes, ceiling: shipped.bytes }),
    figure({ name: name("to write it"), unit: "µs", value: other.cpuMicros, ceiling: shipped.cpuMicros }),
    ...subject.questions.map((question) =>
      figureOfPairs(
        { name: name(question.name), unit: "ms" },
        rounds.map((p50Ms) => ({ value: p50Ms(other, question), ceiling: p50Ms(shipped, question) })),
      ),
    ),
  ];
}

import { PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "./bench-ground.ts";
import { type Answers, askAtOnce } from "./clients-at-once.ts";
import { figure, type JudgedFigure, NEAR_DIRECT, NONE } from "./figure.ts";
import type { RawRequest } from "./raw-http.ts";
import type { ReadQuestion } from "./read-questions.ts";
import { percentile } from "./statistics.ts";

const CLIENTS = [1, 8, 32];
const ROUNDS = 4;
const ROUND_MS = 500;
/** Of one side in one round. */
const ANSWERS_MIN = 50;
const WARM_UP_MS = 700;

/** Reads through gateway and function against the direct query; the two take turns in short rounds. */
export async function measureReads(
  ground: BenchGround,
  questions: readonly ReadQuestion[],
): Promise<JudgedFigure[]> {
  const figures: JudgedFigure[] = [];
  let errors = 0;
  for (const question of questions) {
    for (const clients of CLIENTS) {
      await warmUp(ground, question, clients);
      const [api, direct] = await takeTurns(ground, question, clients);
      if (direct.errors > 0) throw notComparable(question);
      errors += api.errors;
      figures.push(...percentilesOf(question, clients, api, direct));
    }
    ground.tell(`  ${question.name}: measured at ${CLIENTS.join(", ")} clients at once`);
  }
  return [
    ...figures,
    figure(
      { name: "reads that failed, at all numbers of clients", value: errors, unit: "", ceiling: null },
      NONE,
    ),
  ];
}

async function takeTurns(
  { http }: BenchGround,
  question: ReadQuestion,
  clients: number,
): Promise<[api: Answers, direct: Answers]> {
  const rounds = { api: [] as Answers[], direct: [] as Answers[] };
  const load = { clients, forMs: ROUND_MS, answersMin: ANSWERS_MIN };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const side of round % 2 === 0 ? (["api", "direct"] as const) : (["direct", "api"] as const))
      rounds[side].push(await askAtOnce(http, question[side], load));
  return [together(rounds.api), together(rounds.direct)];
}

/** Opens connections and lets every process compile what it will run; also the check that both sides find rows. */
async function warmUp({ http }: BenchGround, question: ReadQuestion, clients: number): Promise<void> {
  for (const side of [question.direct, question.api]) {
    await requireRows(await http.send(side), side);
    await askAtOnce(http, side, { clients, forMs: WARM_UP_MS, answersMin: 0 });
  }
}

async function requireRows(answer: { status: number; text: string }, asked: RawRequest): Promise<void> {
  if (answer.status === 200 && answer.text.length > 1_000) return;
  throw new PolytapeError("operating", "nothing_to_read", `${asked.url}: ${answer.status} ${answer.text}`);
}

function together(rounds: readonly Answers[]): Answers {
  return {
    tookMs: rounds.flatMap(({ tookMs }) => tookMs),
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
  };
}

function percentilesOf(
  { name }: ReadQuestion,
  clients: number,
  api: Answers,
  direct: Answers,
): JudgedFigure[] {
  return [0.5, 0.99].map((part) =>
    figure(
      {
        name: `${name}, ${clients} at once, p${part * 100}`,
        unit: "ms",
        value: percentile(api.tookMs, part),
        ceiling: percentile(direct.tookMs, part),
      },
      clients === 1 && part === 0.5 ? NEAR_DIRECT : null,
    ),
  );
}

function notComparable({ name }: ReadQuestion): PolytapeError {
  return new PolytapeError("operating", "direct_query_failed", `OpenSearch itself failed at: ${name}.`);
}

import { randomBytes } from "node:crypto";
import { createAccessGate, issueKey } from "@polytape/api-access";
import { inMemoryBucket } from "@polytape/api-access/in-memory";
import type { BenchGround } from "../bench-ground.ts";
import { figure, type JudgedFigure } from "../figure.ts";
import { median } from "../statistics.ts";
import type { LoadQuestion } from "./load-questions.ts";
import type { Sides } from "./sides.ts";

const KEYS = 33;
const BATCHES = 15;
const ADMISSIONS = 2_000;
const ANSWERS = 20;

/** What single parts of an answer cost by themselves, in this process: to let a key in, and to read and write as much JSON. */
export async function measureAnswerParts(
  { http }: BenchGround,
  sides: Sides,
  questions: readonly LoadQuestion[],
): Promise<JudgedFigure[]> {
  const figures = [cost("a key is checked and let in", await admissionMs())];
  for (const question of questions) {
    const [request] = sides.requests(question, "gateway") ?? [];
    if (!request) continue;
    const { text } = await http.send(request);
    const answer: unknown = JSON.parse(text);
    figures.push(
      cost(
        `${question.name}: as much JSON read (${Math.ceil(text.length / 1_000)} kB)`,
        timed(() => JSON.parse(text)),
      ),
      cost(
        `${question.name}: the answer written as JSON`,
        timed(() => JSON.stringify(answer)),
      ),
    );
  }
  return figures;
}

function cost(name: string, value: number): JudgedFigure {
  return figure({ name, value, unit: "ms", ceiling: null });
}

/** Middle of some batches, milliseconds each time. */
function timed(work: () => unknown, times = ANSWERS): number {
  const batches = Array.from({ length: BATCHES }, () => {
    const startedMs = performance.now();
    for (let n = 0; n < times; n += 1) work();
    return (performance.now() - startedMs) / times;
  });
  return median(batches);
}

async function admissionMs(): Promise<number> {
  const gate = createAccessGate({ rateRps: 1_000_000, dailyCap: Number.MAX_SAFE_INTEGER });
  const bucket = inMemoryBucket();
  await gate.keys.follow(bucket);
  await gate.usage.load(inMemoryBucket());
  const keys: string[] = [];
  for (let n = 0; n < KEYS; n += 1)
    keys.push((await issueKey(bucket, { plan: "weekly" }, { nowMs: Date.now(), randomBytes })).key);
  let turn = 0;
  return timed(() => {
    const check = gate.identify(keys[turn++ % KEYS], Date.now());
    if (check.outcome === "accepted") gate.admit(check.record, Date.now());
  }, ADMISSIONS);
}

import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { issueKey } from "@polytape/api-access";
import { PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "../bench-ground.ts";
import { type Aim, figure, type JudgedFigure } from "../figure.ts";
import { figureOfPairs, figureOfValues, takeTurns } from "../turns.ts";
import { type LoadProcess, startLoad } from "./load-process.ts";
import type { LoadReport, LoadRequest } from "./load-protocol.ts";
import type { LoadQuestion } from "./load-questions.ts";

const CROWD = 32;
/** A deployment's own, of a key without one. */
const RATE_RPS = 10;
const MODEST_RATE_RPS = 2;
const LOW_RATE_RPS = 1;
/** The one key asks half as often as a key may: more often it would be one of the crowd. */
const ASKS_EVERY_MS = 200;
const ALONE_MS = 3_000;
/** The crowd begins before: what its full buckets let through at once is over then. */
const LEAD_MS = 1_200;
const PLAN = { rounds: 5, warmUps: 1, enoughAfterMs: 35_000 };
const KEYS_KNOWN_WITHIN_MS = 15_000;
const UNDISTURBED: Aim = { words: "ratio ≤ 1.25", isReached: ({ ratio }) => (ratio ?? 0) <= 1.25 };

/**
 * How the crowd behaves: what its keys are allowed, and the time between two requests of one of them. Those that
 * are to be refused are allowed little, so that what they are granted is no load by itself.
 */
const CROWDS = [
  { name: "at 2 a second each", rateRps: MODEST_RATE_RPS, everyMs: 1_000 / MODEST_RATE_RPS },
  { name: "at 10 a second each", rateRps: RATE_RPS, everyMs: 1_000 / RATE_RPS },
  { name: "refused nine times in ten", rateRps: LOW_RATE_RPS, everyMs: 1_000 / RATE_RPS },
  { name: "that ask again at once when refused", rateRps: LOW_RATE_RPS, everyMs: 0 },
];

interface Round {
  readonly alone: LoadReport;
  readonly beside: LoadReport;
  readonly crowd: LoadReport;
}

/** One key that asks now and then, alone and beside 32 others at their limit; the crowd asks from its own process. */
export async function measureFairness(
  ground: BenchGround,
  loner: LoadProcess,
  question: LoadQuestion,
): Promise<JudgedFigure[]> {
  const crowd = await startLoad("http");
  const url = (place: number) =>
    `${ground.stack.urls.gateway}${question.paths[place % question.paths.length]}`;
  const ask = (key: string, place: number): LoadRequest => ({
    url: url(place),
    method: "GET",
    headers: { "x-api-key": key },
  });
  const lonely = question.paths.map((_, place) => ask(ground.apiKey, place));
  const single = { requests: lonely, clients: 1, forMs: ALONE_MS, everyMs: ASKS_EVERY_MS, eachItsOwn: false };
  const figures: JudgedFigure[] = [];
  try {
    for (const { name, rateRps, everyMs } of CROWDS) {
      const keys = await crowdKeys(ground, rateRps);
      const forMs = LEAD_MS + ALONE_MS;
      const order = { requests: keys.map(ask), clients: CROWD, forMs, everyMs, eachItsOwn: true };
      const rounds = await takeTurns(PLAN, async (): Promise<Round> => {
        const alone = await loner.run(single);
        const crowding = crowd.run(order);
        await pause(LEAD_MS);
        const beside = await loner.run(single);
        return { alone, beside, crowd: await crowding };
      });
      figures.push(...figuresOf(name, rounds));
      ground.tell(`  one key beside ${CROWD} keys ${name}: measured`);
    }
  } finally {
    crowd.stop();
  }
  return figures;
}

function figuresOf(name: string, rounds: readonly Round[]): JudgedFigure[] {
  const pairs = rounds.map(({ alone, beside }) => ({ value: beside.p50Ms, ceiling: alone.p50Ms }));
  const beside = `beside ${CROWD} keys ${name}`;
  const failed = rounds.reduce((sum, { alone, beside: next }) => sum + alone.failed + next.failed, 0);
  if (failed > 0) throw new PolytapeError("operating", "read_failed", `${failed} reads failed ${beside}.`);
  const sum = (of: (crowd: LoadReport) => number) =>
    rounds.reduce((total, { crowd }) => total + of(crowd), 0);
  const refusedShare = (100 * sum(({ refused }) => refused)) / sum(({ answers }) => answers);
  return [
    figureOfPairs({ name: `one key ${beside}, to alone: p50`, unit: "ms" }, pairs, UNDISTURBED),
    figureOfValues(
      { name: `the ${CROWD} keys ${name}: requests`, unit: "/s" },
      rounds.map(({ crowd }) => crowd.perSecond),
    ),
    figure({ name: `the ${CROWD} keys ${name}: refused`, unit: "%", value: refusedShare, ceiling: null }),
  ];
}

/** Keys of a rate that binds, and a cap that this never reaches; waits until all of them work. */
async function crowdKeys({ bus, stack, http }: BenchGround, rateRps: number): Promise<string[]> {
  const store = await bus.bucket("api_keys");
  const limits = { plan: "weekly", rateRps, dailyCap: 1_000_000 } as const;
  const keys: string[] = [];
  for (let place = 0; place < CROWD; place += 1) {
    const order = { ...limits, label: `crowd ${place}` };
    keys.push((await issueKey(store, order, { nowMs: Date.now(), randomBytes })).key);
  }
  const untilMs = performance.now() + KEYS_KNOWN_WITHIN_MS;
  for (const key of keys) {
    const question = {
      url: `${stack.urls.gateway}/v1/me`,
      method: "GET",
      headers: { "x-api-key": key },
    } as const;
    while ((await http.send(question)).status !== 200) {
      if (performance.now() > untilMs)
        throw new PolytapeError("operating", "key_unknown", "The API does not take the crowd's keys.");
      await pause(50);
    }
  }
  return keys;
}

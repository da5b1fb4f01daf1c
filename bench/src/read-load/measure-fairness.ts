import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { issueKey } from "@polytape/api-access";
import { PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "../bench-ground.ts";
import { type Aim, figure, type JudgedFigure } from "../figure.ts";
import { figureOfPairs, takeTurns } from "../turns.ts";
import { type LoadProcess, startLoad } from "./load-process.ts";
import type { LoadReport, LoadRequest } from "./load-protocol.ts";
import type { LoadQuestion } from "./load-questions.ts";

const CROWD = 32;
/** A deployment's own, of a key without one. */
const RATE_RPS = 10;
const ALONE_MS = 800;
/** The crowd begins before: what its full buckets let through at once is over then. */
const LEAD_MS = 1_200;
const PLAN = { rounds: 5, warmUps: 1, enoughAfterMs: 40_000 };
const KEYS_KNOWN_WITHIN_MS = 15_000;
const UNDISTURBED: Aim = { words: "ratio ≤ 1.25", isReached: ({ ratio }) => (ratio ?? 0) <= 1.25 };

/** How the crowd behaves, by the time between two requests of one key. */
const CROWDS = [
  { name: "at their rate", everyMs: 1_000 / RATE_RPS },
  { name: "at twice their rate", everyMs: 500 / RATE_RPS },
  { name: "that ask again at once when refused", everyMs: 0 },
];

interface Round {
  readonly alone: LoadReport;
  readonly beside: LoadReport;
  readonly crowd: LoadReport;
}

/** One key that keeps asking, alone and beside 32 others at their limit; the crowd asks from its own process. */
export async function measureFairness(
  ground: BenchGround,
  loner: LoadProcess,
  question: LoadQuestion,
): Promise<JudgedFigure[]> {
  const keys = await crowdKeys(ground);
  const crowd = await startLoad("http");
  const url = (place: number) =>
    `${ground.stack.urls.gateway}${question.paths[place % question.paths.length]}`;
  const ask = (key: string, place: number): LoadRequest => ({
    url: url(place),
    method: "GET",
    headers: { "x-api-key": key },
  });
  const lonely = question.paths.map((_, place) => ask(ground.apiKey, place));
  const single = { requests: lonely, clients: 1, forMs: ALONE_MS, everyMs: 0, eachItsOwn: false };
  const figures: JudgedFigure[] = [];
  try {
    for (const { name, everyMs } of CROWDS) {
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
      ground.tell(`  one key beside ${CROWD} ${name}: measured`);
    }
  } finally {
    crowd.stop();
  }
  return figures;
}

function figuresOf(name: string, rounds: readonly Round[]): JudgedFigure[] {
  const pairs = rounds.map(({ alone, beside }) => ({ value: beside.p50Ms, ceiling: alone.p50Ms }));
  const [last] = rounds.slice(-1);
  const beside = `beside ${CROWD} keys ${name}`;
  const failed = rounds.reduce((sum, { alone, beside: next }) => sum + alone.failed + next.failed, 0);
  if (failed > 0) throw new PolytapeError("operating", "read_failed", `${failed} reads failed ${beside}.`);
  return [
    figureOfPairs({ name: `one key ${beside}, to alone: p50`, unit: "ms" }, pairs, UNDISTURBED),
    figure({
      name: `requests of ${CROWD} keys ${name}`,
      unit: "/s",
      value: last?.crowd.perSecond ?? 0,
      ceiling: null,
    }),
    figure({
      name: `of these refused`,
      unit: "%",
      value: last ? (100 * last.crowd.refused) / last.crowd.answers : 0,
      ceiling: null,
    }),
  ];
}

/** Keys of the deployment's ordinary rate, and a cap that this never reaches; waits until all of them work. */
async function crowdKeys({ bus, stack, http }: BenchGround): Promise<string[]> {
  const store = await bus.bucket("api_keys");
  const limits = { plan: "weekly", rateRps: RATE_RPS, dailyCap: 1_000_000 } as const;
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

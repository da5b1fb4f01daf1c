import { PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "../bench-ground.ts";
import { type Aim, figure, type JudgedFigure, NONE } from "../figure.ts";
import { processTimeMs } from "../process-time.ts";
import { figureOfPairs, figureOfValues, takeTurns } from "../turns.ts";
import type { LoadReport } from "./load-protocol.ts";
import type { LoadQuestion } from "./load-questions.ts";
import type { Side, Sides } from "./sides.ts";

const CLIENTS = [1, 8, 32, 128];
/** Where the aim is, and where all depths are measured. */
const CLIENTS_OF_AIM = 8;
const ROUND_MS = 400;
const PLAN = { rounds: 5, warmUps: 1, enoughAfterMs: 12_000 };
const OVERHEAD: Aim = { words: "ratio ≤ 1.5", isReached: ({ ratio }) => (ratio ?? 0) <= 1.5 };

interface Measured extends LoadReport {
  /** Processor time of all that was asked, milliseconds an answer. */
  readonly cpuMs: Readonly<Record<"gateway" | "function" | "app" | "openSearch", number>>;
}
type Round = ReadonlyMap<Side, Measured>;

/** Every question at 1, 8, 32 and 128 at once, through everything and straight, in turns; at 8 at every depth. */
export async function measureLoad(
  ground: BenchGround,
  sides: Sides,
  questions: readonly LoadQuestion[],
): Promise<JudgedFigure[]> {
  const figures: JudgedFigure[] = [];
  let failed = 0;
  for (const question of questions) {
    const failedBefore = failed;
    const statuses: string[] = [];
    for (const clients of CLIENTS) {
      const asked: Side[] =
        clients === CLIENTS_OF_AIM ? ["direct", "app", "function", "gateway"] : ["direct", "gateway"];
      const rounds = await takeTurns(PLAN, (round) =>
        measureRound(sides, question, { clients, asked, round }),
      );
      failed += failuresOf(question, rounds);
      statuses.push(...statusesOf(rounds).map((each) => `${each} at ${clients} at once`));
      figures.push(...figuresOf(question, clients, rounds));
    }
    const trouble =
      failed > failedBefore ? `; ${failed - failedBefore} answers were no 200: ${statuses.join(", ")}` : "";
    ground.tell(`  ${question.name}: measured at ${CLIENTS.join(", ")} at once${trouble}`);
  }
  const name = "answers other than 200, of all endpoints";
  return [...figures, figure({ name, value: failed, unit: "", ceiling: null }, NONE)];
}

/** All sides once, in an order that rotates. */
async function measureRound(
  sides: Sides,
  question: LoadQuestion,
  { clients, asked, round }: { clients: number; asked: readonly Side[]; round: number },
): Promise<Round> {
  const measured = new Map<Side, Measured>();
  for (let place = 0; place < asked.length; place += 1) {
    const side = asked[(round + place) % asked.length];
    const requests = side && sides.requests(question, side);
    if (!side || !requests) continue;
    const before = timesOf(sides);
    const order = { requests, clients, forMs: ROUND_MS, everyMs: 0, eachItsOwn: false };
    const report = await sides.process(side).run(order);
    const after = timesOf(sides);
    const each = (of: keyof typeof after) => (after[of] - before[of]) / report.answers;
    const cpuMs = {
      gateway: each("gateway"),
      function: each("function"),
      app: each("app"),
      openSearch: each("openSearch"),
    };
    measured.set(side, { ...report, cpuMs });
  }
  return measured;
}

function timesOf({ pids }: Sides) {
  return {
    gateway: processTimeMs(pids.gateway),
    function: processTimeMs(pids.function),
    app: processTimeMs(pids.app),
    openSearch: processTimeMs(pids.openSearch),
  };
}

function failuresOf({ name }: LoadQuestion, rounds: readonly Round[]): number {
  const bad = (side: Side) =>
    rounds.reduce((sum, round) => sum + (round.get(side)?.failed ?? 0) + (round.get(side)?.refused ?? 0), 0);
  if (bad("direct") > 0)
    throw new PolytapeError("operating", "direct_query_failed", `OpenSearch itself failed at: ${name}.`);
  return bad("app") + bad("function") + bad("gateway");
}

/** What answers that were no 200 said, and how many of them: `12 times 503`. */
function statusesOf(rounds: readonly Round[]): string[] {
  const reports = rounds.flatMap((round) => [...round.values()]);
  const counts = new Map<string, number>();
  for (const { failures, refused } of reports)
    for (const [status, count] of [...Object.entries(failures), ["429", refused] as const])
      counts.set(status, (counts.get(status) ?? 0) + count);
  return [...counts].filter(([, count]) => count > 0).map(([status, count]) => `${count} times ${status}`);
}

function figuresOf(
  { name, direct }: LoadQuestion,
  clients: number,
  rounds: readonly Round[],
): JudgedFigure[] {
  const compared = (what: string, unit: string, side: Side, of: (side: Measured) => number, aim?: Aim) => {
    const named = { name: `${name}, ${clients} at once: ${what}`, unit };
    const values = rounds.flatMap((round) => round.get(side) ?? []).map(of);
    if (!direct) return figureOfValues(named, values);
    const ceilings = rounds.flatMap((round) => round.get("direct") ?? []).map(of);
    return figureOfPairs(
      named,
      values.map((value, place) => ({ value, ceiling: ceilings[place] ?? Number.NaN })),
      aim ?? null,
    );
  };
  const isAimed = clients === CLIENTS_OF_AIM;
  const figures = [
    compared("p50", "ms", "gateway", ({ p50Ms }) => p50Ms, isAimed ? OVERHEAD : undefined),
    compared("p99", "ms", "gateway", ({ p99Ms }) => p99Ms),
    compared("requests", "/s", "gateway", ({ perSecond }) => perSecond),
  ];
  if (!isAimed) return figures;
  return [
    ...figures,
    compared("p50 without the gateway", "ms", "function", ({ p50Ms }) => p50Ms),
    compared("p50 in the app alone", "ms", "app", ({ p50Ms }) => p50Ms),
    ...timeFigures(`${name}, ${clients} at once`, rounds),
  ];
}

/** Processor time an answer, of all rounds together: the clock that counts it ticks too slowly for one. */
function timeFigures(name: string, rounds: readonly Round[]): JudgedFigure[] {
  const mean = (side: Side, of: keyof Measured["cpuMs"]): number | null => {
    const all = rounds.flatMap((round) => round.get(side) ?? []);
    const answers = all.reduce((sum, each) => sum + each.answers, 0);
    const spent = all.reduce((sum, each) => sum + each.cpuMs[of] * each.answers, 0);
    return answers === 0 ? null : spent / answers;
  };
  const time = (what: string, value: number | null, ceiling: number | null = null) =>
    figure({ name: `${name}: processor time of ${what}`, unit: "ms", value: value ?? 0, ceiling });
  return [
    time("OpenSearch", mean("gateway", "openSearch"), mean("direct", "openSearch")),
    time("query-api", mean("gateway", "function")),
    time("the app alone", mean("app", "app")),
    time("the gateway", mean("gateway", "gateway")),
  ];
}

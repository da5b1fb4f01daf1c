import { DAY_MS, PolytapeError } from "@polytape/market-model";
import type { PolymarketConnection } from "@polytape/polymarket-source";
import type { BenchGround } from "./bench-ground.ts";
import { type Effort, effortOf } from "./effort.ts";
import type { JudgedFigure } from "./figure.ts";
import { connectUnlimited, tickInProcess, warmFeed } from "./in-process-tick.ts";
import { bulkBodies, sendBodies } from "./raw-bulk.ts";
import { dropScratchStore, openScratchStore, type ScratchStore } from "./scratch-store.ts";
import { figureOfPairs, figureOfValues, takeTurns } from "./turns.ts";
import { tradeDocuments } from "./week-of-trades.ts";
import { letWorldGoOn } from "./world.ts";

/** Rows that come between two ticks, about, and for how long the world (20 trades a second) makes them. */
const CASES = [
  { rows: 0, advanceMs: 0, rounds: 30 },
  { rows: 100, advanceMs: 5_000, rounds: 20 },
  { rows: 5_000, advanceMs: 250_000, rounds: 7 },
] as const;
const WARM_UPS = 3;
const ENOUGH_AFTER_MS = 60_000;

interface Turn {
  readonly tick: Effort;
  readonly raw: Effort;
  readonly rows: number;
}

/**
 * A run of `ingest-trades` in this process with 0, about 100 and about 5,000 new trades, against one raw bulk
 * of as many documents into an index of the same template; without new trades, against the one upstream
 * request that a tick cannot do without. Both take turns.
 */
export async function measureTickCost(ground: BenchGround): Promise<JudgedFigure[]> {
  const scratch = await openScratchStore(ground, "tick");
  const source = connectUnlimited(ground);
  await tickInProcess(ground, { source, scratch, pagesMax: 2 });
  const rawIndex = `${scratch.names.tradesPattern.replace("*", "")}raw`;
  await ground.server.request({ method: "PUT", path: `/${rawIndex}` });
  const raw = rawSide(ground, rawIndex);
  const figures: JudgedFigure[] = [];
  for (const each of CASES) {
    const plan = { rounds: each.rounds, warmUps: WARM_UPS, enoughAfterMs: ENOUGH_AFTER_MS };
    const turns = await takeTurns(plan, () => takeTurn(ground, { source, scratch, raw }, each.advanceMs));
    figures.push(...figuresOf(each.rows, turns));
  }
  await dropScratchStore(ground, scratch);
  return figures;
}

async function takeTurn(
  ground: BenchGround,
  { source, scratch, raw }: { source: PolymarketConnection; scratch: ScratchStore; raw: RawSide },
  advanceMs: number,
): Promise<Turn> {
  if (advanceMs > 0) await letWorldGoOn(ground, advanceMs);
  await warmFeed(source, advanceMs > 100_000 ? 7 : 1);
  const { effort: tick, report } = await tickInProcess(ground, { source, scratch, pagesMax: 20 });
  const rows = Number(report["stored"]);
  if (report["walk"] !== (advanceMs > 0 ? "closed" : "quiet"))
    throw new PolytapeError("bug", "other_tick", `Not the tick that was meant: ${JSON.stringify(report)}`);
  const bare = () => source.readTradePage({ rowSet: "taker", limit: 150, cursor: null });
  return { tick, rows, raw: rows > 0 ? await raw(rows) : (await effortOf(ground, bare)).effort };
}

type RawSide = (rows: number) => Promise<Effort>;

/** Sends so many new documents in one request, made before the clock runs. */
function rawSide(ground: BenchGround, index: string): RawSide {
  let sent = 0;
  return async (rows) => {
    const bodies = bulkBodies(index, tradeDocuments(DAY_MS, sent, rows));
    sent += rows;
    return (await effortOf(ground, () => sendBodies(ground, bodies))).effort;
  };
}

function figuresOf(rows: number, turns: readonly Turn[]): JudgedFigure[] {
  const name = `tick with ${rows.toLocaleString("en-US")} new trades`;
  const pairs = (of: (effort: Effort) => number) =>
    turns.map(({ tick, raw }) => ({ value: of(tick), ceiling: of(raw) }));
  const values = (of: (turn: Turn) => number) => turns.map(of);
  // Counted in steps of 10 ms: only the sum of all turns says something.
  const mean = (of: (turn: Turn) => number) => values(of).reduce((sum, each) => sum + each, 0) / turns.length;
  const server = { value: mean(({ tick }) => tick.serverCpuMs), ceiling: mean(({ raw }) => raw.serverCpuMs) };
  const times = [
    figureOfPairs(
      { name: `${name}, time`, unit: "ms" },
      pairs(({ wallMs }) => wallMs),
    ),
    figureOfPairs(
      { name: `${name}, its processor time`, unit: "ms" },
      pairs(({ cpuMs }) => cpuMs),
    ),
  ];
  const requests = { name: `${name}, requests to OpenSearch`, unit: "" };
  const bytes = { name: `${name}, bytes sent to OpenSearch`, unit: "B" };
  if (rows === 0)
    return [
      ...times,
      figureOfValues(
        requests,
        values(({ tick }) => tick.requests),
      ),
      figureOfValues(
        bytes,
        values(({ tick }) => tick.bytesSent),
      ),
    ];
  return [
    ...times,
    figureOfPairs({ name: `${name}, processor time of OpenSearch (mean)`, unit: "ms" }, [server]),
    figureOfPairs(
      requests,
      pairs((effort) => effort.requests),
    ),
    figureOfPairs(
      bytes,
      pairs((effort) => effort.bytesSent),
    ),
    figureOfValues(
      { name: `${name}, new trades in fact`, unit: "" },
      values((turn) => turn.rows),
    ),
  ];
}

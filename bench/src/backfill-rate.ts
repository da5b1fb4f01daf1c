import { backfillTrades } from "@polytape/backfill-trades";
import { PolytapeError, SECOND_MS, toRfc3339 } from "@polytape/market-model";
import type { PolymarketConnection } from "@polytape/polymarket-source";
import { z } from "zod";
import type { BenchGround } from "./bench-ground.ts";
import { atLeast, figure, type JudgedFigure } from "./figure.ts";
import { connectUnlimited, quietBus, SILENT, warmFeed } from "./in-process-tick.ts";
import { type RawDocument, rateOfBulk } from "./raw-bulk.ts";
import { dropScratchStore, openScratchStore, type ScratchStore } from "./scratch-store.ts";
import { storedDocuments } from "./stored-documents.ts";
import { figureOfPairs, takeTurns } from "./turns.ts";

/** Of a history of 50 trades a second: about 60,000 rows, three calls with the default budget. */
const BACK_SECONDS = 1_200;
const PAGES = 66;
const CALLS_MAX = 20;
/** The upstream's documented limit with full pages, and the share of it that the function keeps to. */
const LIMIT_ROWS_PER_SECOND = 20_000;
const SHARE_ROWS_PER_SECOND = 8_000;

const job = z.object({ backfill: z.string(), position: z.string() });

/**
 * The job `backfill-trades`, call after call until it is done, everything real but its limiter: against raw
 * bulk of the documents that it stored, in turns with it, and against what the upstream allows.
 */
export async function measureBackfill(ground: BenchGround): Promise<JudgedFigure[]> {
  const scratch = await openScratchStore(ground, "backfill");
  const source = connectUnlimited(ground);
  await warmFeed(source, PAGES);
  const index = scratch.names.tradesOfDay(ground.worldEndMs - 1);
  const rawIndex = `${scratch.names.tradesPattern.replace("*", "")}raw`;
  let documents: RawDocument[] = [];
  const plan = { rounds: 5, warmUps: 1, enoughAfterMs: 90_000 };
  const pairs = await takeTurns(plan, async (round) => {
    if (round > 0) await ground.server.request({ method: "DELETE", path: `/${index}` });
    await ground.server.request({ method: "PUT", path: `/${index}` });
    const value = await rateOfJob(ground, { source, scratch, round });
    if (documents.length === 0) documents = await storedDocuments(ground, index);
    const ceiling = await rateOfBulk(ground, rawIndex, documents);
    ground.tell(`  ${Math.round(value)} trades/s by the job, ${Math.round(ceiling)} by raw bulk`);
    return { value, ceiling };
  });
  await dropScratchStore(ground, scratch);
  const named = { name: "trades stored by backfill-trades", unit: "trades/s" };
  const measured = figureOfPairs(named, pairs);
  const against = (name: string, ceiling: number) => ({ ...named, name, value: measured.value, ceiling });
  return [
    measured,
    figure(against("the same, to its share of the upstream's limit", SHARE_ROWS_PER_SECOND), atLeast(1)),
    figure(against("the same, to the upstream's whole limit", LIMIT_ROWS_PER_SECOND)),
  ];
}

/** Each round is a backfill of its own: it begins one second later than the one before. */
async function rateOfJob(
  ground: BenchGround,
  { source, scratch, round }: { source: PolymarketConnection; scratch: ScratchStore; round: number },
): Promise<number> {
  const from = toRfc3339(ground.worldEndMs - (BACK_SECONDS - round) * SECOND_MS);
  const jobs: unknown[] = [];
  const startedMs = performance.now();
  const parts = {
    source,
    store: scratch.store,
    // Jobs are taken here: sent, they would start the stack's own function.
    bus: { ...quietBus(ground), publish: async (_subject: string, data: unknown) => void jobs.push(data) },
    bounds: { backfillDays: 0, retentionDays: 90 },
    settleSeconds: 600,
    budget: { pagesMax: 20, batchPages: 20 },
    // Only the end of a backfill pauses, once, until readers see its last rows: no matter of rate.
    pause: async () => {},
    now: () => Math.round(ground.worldEndMs + performance.now() - startedMs),
    signal: AbortSignal.timeout(120_000),
    log: SILENT,
  };
  let stored = 0;
  for (let call = 0; call < CALLS_MAX; call += 1) {
    const report = await backfillTrades(parts, call === 0 ? { from } : job.parse(jobs.shift()));
    stored += Number(report["stored"]);
    if (report["outcome"] === "done") return (stored / (performance.now() - startedMs)) * 1_000;
    if (report["outcome"] !== "running")
      throw new PolytapeError("bug", "backfill_stopped", `The backfill stopped: ${JSON.stringify(report)}`);
  }
  throw new PolytapeError("bug", "backfill_endless", `The backfill did not end in ${CALLS_MAX} calls.`);
}

import { type CoverageStretch, DAY_MS, SECOND_MS, type Trade, tradeTsMs } from "@polytape/market-model";
import type { CoverageLedger, MarketStore } from "@polytape/market-store";

/** Of one question to the ledger, which takes a hundred more. */
const DAYS_MAX = 300;

export interface StoredBatch {
  readonly stored: number;
  readonly repeated: number;
  /** Stored although the ledger called their time complete: below, and from `coveredFromSeconds` on. */
  readonly lateBelow: number;
  readonly lateAbove: number;
}

/**
 * Puts trades on the tape and tells how many of them the ledger did not expect: those of a time that it calls
 * complete are written by themselves, so that what is new among them can be counted.
 */
export async function storeBatch(
  { trades: tape, coverage }: Pick<MarketStore, "trades" | "coverage">,
  trades: readonly Trade[],
  { marketId, coveredFromSeconds }: { marketId: string | null; coveredFromSeconds: number },
): Promise<StoredBatch> {
  const complete = await readComplete(coverage, trades, marketId);
  const isComplete = (trade: Trade) => complete.some((each) => holds(each, tradeTsMs(trade)));
  const parts = { fresh: [] as Trade[], below: [] as Trade[], above: [] as Trade[] };
  for (const trade of trades)
    if (!isComplete(trade)) parts.fresh.push(trade);
    else parts[trade.tsSeconds < coveredFromSeconds ? "below" : "above"].push(trade);
  const create = async (some: readonly Trade[]) =>
    some.length > 0 ? tape.createTrades(some) : { stored: 0, repeated: 0 };
  const fresh = await create(parts.fresh);
  const below = await create(parts.below);
  const above = await create(parts.above);
  return {
    stored: fresh.stored + below.stored + above.stored,
    repeated: fresh.repeated + below.repeated + above.repeated,
    lateBelow: below.stored,
    lateAbove: above.stored,
  };
}

/** What the ledger calls complete of the time in which the trades lie. */
async function readComplete(
  coverage: CoverageLedger,
  trades: readonly Trade[],
  marketId: string | null,
): Promise<CoverageStretch[]> {
  const [newest, oldest] = [trades[0], trades.at(-1)];
  if (!newest || !oldest) return [];
  const toMs = tradeTsMs(newest) + SECOND_MS;
  const scope = { stream: "trades" as const, ...(marketId !== null && { marketId }) };
  const complete: CoverageStretch[] = [];
  for (let fromMs = tradeTsMs(oldest); fromMs < toMs; fromMs += DAYS_MAX * DAY_MS) {
    const range = { fromMs, toMs: Math.min(toMs, fromMs + DAYS_MAX * DAY_MS) };
    const timeline = await coverage.readTimeline({ ...scope, ...range });
    complete.push(...timeline.filter(({ state }) => state === "complete"));
  }
  return complete;
}

function holds({ fromMs, toMs }: CoverageStretch, tsMs: number): boolean {
  return fromMs <= tsMs && tsMs < toMs;
}

import { CANDLE_INTERVAL_MS, CANDLE_INTERVALS, type CoverageStretch } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import {
  compareWithTruth,
  countTape,
  naiveCandles,
  readCandles,
  readTape,
  type Span,
} from "../../end-to-end/truth.ts";
import type { TroubledUpstream } from "./troubled-upstream.ts";

export interface Verdict {
  /** Rows that the truth has and the tape has not. */
  readonly lost: readonly string[];
  /** Rows on the tape, each once. */
  readonly kept: readonly string[];
  readonly invented: readonly string[];
  readonly duplicated: readonly string[];
  /** Those of the lost whose second the ledger calls complete. */
  readonly lies: readonly string[];
  readonly timeline: readonly CoverageStretch[];
}

/**
 * Compares tape and ledger with everything that the upstream has made visible by now. The ledger is read first: what
 * it calls complete must be on the tape also while both go on.
 */
export async function judge(
  store: MarketStore,
  upstream: Pick<TroubledUpstream, "truth">,
  span: Span,
): Promise<Verdict> {
  const timeline = await store.coverage.readTimeline({
    stream: "trades",
    fromMs: span.from * 1_000,
    toMs: span.to * 1_000,
  });
  const truth = await upstream.truth(span);
  const tape = countTape(await readTape(store, span));
  const compared = compareWithTruth(truth, tape);
  const isComplete = (key: string) => stateAt(timeline, secondOf(key))?.state === "complete";
  return { ...compared, kept: [...tape.keys()], lies: compared.lost.filter(isComplete), timeline };
}

/** A row's key ends with its second. */
export function secondOf(key: string): number {
  return Number(key.split(" ").at(-1));
}

export function stateAt(timeline: readonly CoverageStretch[], second: number): CoverageStretch | undefined {
  return timeline.find(({ fromMs, toMs }) => fromMs <= second * 1_000 && second * 1_000 < toMs);
}

/** Intervals whose stored candles are not what the trades on the tape make by the longest way round. */
export async function wrongCandles(store: MarketStore, span: Span): Promise<string[]> {
  const tape = countTape(await readTape(store, span));
  const wrong: string[] = [];
  for (const interval of CANDLE_INTERVALS) {
    const naive = naiveCandles(tape, CANDLE_INTERVAL_MS[interval] / 1_000);
    const tokens = new Set([...naive.values()].map((candle) => candle.assetId));
    const stored = await readCandles(store, tokens, interval, { from: span.from - 3_600, to: span.to });
    for (const key of new Set([...naive.keys(), ...stored.keys()]))
      if (JSON.stringify(sorted(naive.get(key))) !== JSON.stringify(sorted(stored.get(key))))
        wrong.push(`${interval} ${key}`);
  }
  return wrong;
}

function sorted(candle: object | undefined): [string, unknown][] {
  return Object.entries(candle ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

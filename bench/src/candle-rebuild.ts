import { rebuildRange } from "@polytape/build-candles/rebuild-range.ts";
import { CANDLE_INTERVALS, HOUR_MS, PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { BenchGround } from "./bench-ground.ts";
import type { JudgedFigure } from "./figure.ts";
import { connectUnlimited, tickInProcess } from "./in-process-tick.ts";
import { dropScratchStore, openScratchStore, type ScratchStore } from "./scratch-store.ts";
import { figureOfPairs, figureOfValues, takeTurns } from "./turns.ts";

const PAGES = 30;
const PAGE_MAX = 10_000;
const CALLS_MAX = 20;

const sorted = z.object({ sort: z.array(z.union([z.number(), z.string()])) });
/** A page without a row has no hits at all in a trimmed answer. */
const page = z.object({ hits: z.object({ hits: z.array(sorted) }).default({ hits: [] }) });

/**
 * The rebuild of all candles of the hours that hold 30,000 trades, first with no candle stored, then once more
 * with all of them there, against reading the same trades from OpenSearch page by page. All three take turns.
 */
export async function measureRebuild(ground: BenchGround): Promise<JudgedFigure[]> {
  const scratch = await openScratchStore(ground, "rebuild");
  await tickInProcess(ground, { source: connectUnlimited(ground), scratch, pagesMax: PAGES });
  const index = scratch.names.tradesOfDay(ground.worldEndMs - 1);
  await ground.server.request({ method: "POST", path: `/${index}/_refresh` });
  const plan = { rounds: 3, warmUps: 1, enoughAfterMs: 90_000 };
  const rounds = await takeTurns(plan, async () => {
    await ground.server.request({ method: "DELETE", path: `/${scratch.names.candles}-*` });
    const created = await rebuild(ground, scratch);
    const unchanged = await rebuild(ground, scratch);
    if (created.written === 0 || unchanged.written > 0)
      throw new PolytapeError("bug", "rebuild_differs", "Two rebuilds of the same trades were not the same.");
    const raw = await readRaw(ground, index);
    const [made, again, read] = [created, unchanged, raw].map(({ tookMs }) => (raw.trades / tookMs) * 1_000);
    ground.tell(
      `  ${Math.round(made ?? 0)} trades/s rebuilt, ${Math.round(again ?? 0)} again, ${Math.round(read ?? 0)} read raw`,
    );
    return { created, unchanged, raw };
  });
  await dropScratchStore(ground, scratch);
  const trades = (of: "created" | "unchanged") =>
    rounds.map(({ [of]: { tookMs }, raw }) => ({
      value: (raw.trades / tookMs) * 1_000,
      ceiling: (raw.trades / raw.tookMs) * 1_000,
    }));
  return [
    figureOfPairs({ name: "range rebuilt, no candle there", unit: "trades/s" }, trades("created")),
    figureOfPairs({ name: "range rebuilt, nothing to change", unit: "trades/s" }, trades("unchanged")),
    ...(["created", "unchanged"] as const).map((of) =>
      figureOfValues(
        { name: `candles recomputed by a rebuild, ${of}`, unit: "candles/s" },
        rounds.map(({ [of]: { candles, tookMs } }) => (candles / tookMs) * 1_000),
      ),
    ),
  ];
}

/** Call after call, as `make rebuild-candles` does. */
async function rebuild({ worldEndMs }: BenchGround, { store }: ScratchStore) {
  const request = { from: worldEndMs - 2 * HOUR_MS, to: worldEndMs + 2 * HOUR_MS };
  const startedMs = performance.now();
  for (let call = 0; call < CALLS_MAX; call += 1) {
    const report = await rebuildRange(
      {
        store,
        intervals: CANDLE_INTERVALS,
        settleMs: 600_000,
        callMs: 20_000,
        sliceMinutes: 2_000,
        now: Date.now,
        signal: AbortSignal.timeout(120_000),
      },
      request,
    );
    if (report["next"] !== null) continue;
    const written = Number(report["created"]) + Number(report["changed"]);
    const candles = written + Number(report["unchanged"]);
    return { written, candles, tookMs: performance.now() - startedMs };
  }
  throw new PolytapeError("bug", "rebuild_endless", `The rebuild did not end in ${CALLS_MAX} calls.`);
}

/** The same trades in the fields that candles are made of, as columns, 10,000 a page. */
async function readRaw({ stack, http }: BenchGround, index: string) {
  const startedMs = performance.now();
  const url = `${stack.urls.openSearch}/${index}/_search?filter_path=hits.hits.sort,hits.hits.fields`;
  let trades = 0;
  let after: readonly (number | string)[] | null = null;
  for (;;) {
    const body = JSON.stringify({
      size: PAGE_MAX,
      track_total_hits: false,
      _source: false,
      docvalue_fields: ["market_id", "asset_id", "side", "price", "size", "occurrence", "ts", "tie"],
      sort: [{ ts: "asc" }, { tie: "asc" }],
      ...(after && { search_after: after }),
    });
    const headers = { "content-type": "application/json" };
    const { text } = await http.send({ url, method: "POST", headers, body });
    const { hits } = page.parse(JSON.parse(text)).hits;
    trades += hits.length;
    after = hits.at(-1)?.sort ?? null;
    if (hits.length < PAGE_MAX || after === null) return { trades, tookMs: performance.now() - startedMs };
  }
}

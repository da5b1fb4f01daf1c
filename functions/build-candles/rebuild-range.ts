import type { JobReport } from "@polytape/function-runtime";
import { HOUR_MS, MINUTE_MS, toRfc3339 } from "@polytape/market-model";
import { candleId, type MarketStore, type TokenMinute } from "@polytape/market-store";
import { type BuildCandlesDeps, buildWindows } from "./build-windows.ts";
import { findOrphans } from "./find-orphans.ts";
import { addSlice, type RebuildProgress, readProgress, startProgress } from "./rebuild-progress.ts";
import { checkpointName, type RebuildRange, type RebuildRequest, rangeOf } from "./rebuild-request.ts";

export interface RebuildDeps extends BuildCandlesDeps {
  readonly store: Pick<MarketStore, "trades" | "candles" | "checkpoints">;
  /** After so long a call answers where it stands, and the next one goes on there. */
  readonly callMs: number;
  /** Token-minutes in one slice; more than an hour has minutes, so that each slice ends between two tokens. */
  readonly sliceMinutes: number;
}

/**
 * Rebuilds all candles of a range from the stored trades and says what that changed.
 *
 * Goes hour by hour, token by token, a slice at a time; the checkpoint is written after the slice it stands
 * for, so a crash repeats one slice, which then finds nothing to change. The same request goes on where the
 * last call stopped; after the end it begins anew. Runs beside the live builds: all writes are guarded.
 * Never deletes: a stored candle without trades is counted as orphaned and named.
 */
export async function rebuildRange(deps: RebuildDeps, request: RebuildRequest): Promise<JobReport> {
  const range = rangeOf(request);
  const { checkpoints } = deps.store;
  const name = checkpointName(range);
  const startedMs = deps.now();
  const found = await readProgress(checkpoints, name);
  let { version } = found;
  let progress = found.progress ?? startProgress(range.fromMs);

  while (progress.next) {
    progress = await rebuildSlice(deps, range, progress, progress.next);
    version = await checkpoints.write(name, progress, version);
    if (deps.signal.aborted || deps.now() - startedMs >= deps.callMs) break;
  }
  return reportOf(range, progress);
}

/** The next tokens of one hour: their windows are built, and what is stored beside them is looked at. */
async function rebuildSlice(
  deps: RebuildDeps,
  range: RebuildRange,
  progress: RebuildProgress,
  { hourMs, aboveAssetId }: NonNullable<RebuildProgress["next"]>,
): Promise<RebuildProgress> {
  const hour = { marketId: range.marketId, fromMs: hourMs, toMs: hourMs + HOUR_MS };
  const page = await deps.store.trades.listTokenMinutes({
    ...hour,
    after: aboveAssetId === null ? undefined : lastMinuteOf(aboveAssetId, hour.toMs),
    limit: deps.sliceMinutes,
  });
  const isLast = page.length < deps.sliceMinutes;
  const minutes = isLast ? page : withoutLastToken(page);
  const upToAssetId = isLast ? null : (minutes.at(-1)?.assetId ?? null);

  const keys = minutes.map((minute) => ({ ...minute, interval: "1m" as const }));
  const { tooLarge, ...built } = await buildWindows(deps, keys);
  const tokens = {
    ...hour,
    ...(aboveAssetId !== null && { aboveAssetId }),
    ...(upToAssetId !== null && { upToAssetId }),
  };
  const orphaned = await findOrphans(deps.store, tokens, keys);
  return addSlice(progress, {
    minutes: minutes.length,
    built,
    orphaned: orphaned.map(candleId),
    tooLarge,
    next: nextSlice(hour, upToAssetId, range),
  });
}

/** Behind all minutes of the token in the hour. */
function lastMinuteOf(assetId: string, hourEndMs: number): TokenMinute {
  return { assetId, openTimeMs: hourEndMs - MINUTE_MS };
}

/** The last token may go on in the next page: it is built there, whole. */
function withoutLastToken(page: readonly TokenMinute[]): TokenMinute[] {
  const lastAssetId = page.at(-1)?.assetId;
  return page.filter(({ assetId }) => assetId !== lastAssetId);
}

function nextSlice(
  hour: { fromMs: number; toMs: number },
  upToAssetId: string | null,
  range: RebuildRange,
): RebuildProgress["next"] {
  if (upToAssetId !== null) return { hourMs: hour.fromMs, aboveAssetId: upToAssetId };
  return hour.toMs < range.toMs ? { hourMs: hour.toMs, aboveAssetId: null } : null;
}

function reportOf(range: RebuildRange, progress: RebuildProgress): JobReport {
  const { next, tooLarge, orphanedExamples, tooLargeExamples, ...counts } = progress;
  return {
    rebuild_from: toRfc3339(range.fromMs),
    rebuild_to: toRfc3339(range.toMs),
    ...(range.marketId !== undefined && { market_id: range.marketId }),
    ...counts,
    too_large: tooLarge,
    ...(orphanedExamples.length > 0 && { orphaned_examples: orphanedExamples }),
    ...(tooLargeExamples.length > 0 && { too_large_examples: tooLargeExamples }),
    nothing_changed: counts.created + counts.changed + counts.orphaned + tooLarge === 0,
    next: next && { hour: toRfc3339(next.hourMs), above_asset_id: next.aboveAssetId },
  };
}

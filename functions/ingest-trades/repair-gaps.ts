import type { EventBus } from "@polytape/event-bus";
import type { JobReport, RunContext } from "@polytape/function-runtime";
import {
  type CoverageStretch,
  HOUR_MS,
  hasCode,
  MINUTE_MS,
  PolytapeError,
  SECOND_MS,
  toRfc3339,
} from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { z } from "zod";
import { chooseRepair, triedRange } from "./choose-repair.ts";

export interface RepairGapsParts extends RunContext {
  readonly store: Pick<MarketStore, "checkpoints" | "coverage">;
  readonly bus: Pick<EventBus, "publish">;
  readonly feed: { readonly name: string };
}

/** Whoever fills in trades of the past takes this: `{from, to, request_id}`, times in RFC 3339. */
const BACKFILL_TOPIC = "job.backfill.request";
/** Where whoever fills them in names what it is at. */
const BACKFILLS = "backfills";
const backfills = z.looseObject({ backfills: z.array(z.looseObject({ open: z.boolean() })) });

/** Two days may be asked for whatever else is allowed, and this is a little less. */
const REACH_MS = 47 * HOUR_MS;
/** Between two requests: what was asked for has begun by then, and is seen to run. */
const PAUSE_MS = 10 * MINUTE_MS;

const repairState = z.object({ askedAtMs: z.int(), tries: z.array(triedRange) });

/**
 * Asks for what is `missing` or `partial` and has settled to be read again, as the upstream may serve it again: the
 * newest first, one at a time, the same seconds again after growing pauses. Tells how much it is; null when it did not look.
 *
 * May be run again at any moment: a request is written down before it is sent, under a name of its own, so that a
 * crash between the two costs one try and never asks twice.
 */
export async function repairGaps(
  parts: RepairGapsParts,
  settled: { readonly fromSeconds: number; readonly toSeconds: number },
): Promise<JobReport | null> {
  const { store, bus, now } = parts;
  const checkpoint = await readState(parts);
  if (now() - checkpoint.state.askedAtMs < PAUSE_MS || (await isBackfillOpen(store))) return null;
  const fromMs = Math.max(settled.fromSeconds * SECOND_MS, now() - REACH_MS);
  const toMs = settled.toSeconds * SECOND_MS;
  if (fromMs >= toMs) return null;
  const timeline = await store.coverage.readTimeline({ stream: "trades", fromMs, toMs });
  const told = { gap_seconds: gapSeconds(timeline) };
  const choice = chooseRepair(timeline, checkpoint.state.tries, now());
  if (!choice) return told;
  try {
    await checkpoint.save({ askedAtMs: now(), tries: choice.tries });
  } catch (error) {
    if (hasCode(error, "store_conflict")) return told;
    throw error;
  }
  const { asked } = choice;
  const range = { from: toRfc3339(asked.fromMs), to: toRfc3339(asked.toMs) };
  const requestId = `repair:${asked.fromMs / SECOND_MS}-${asked.toMs / SECOND_MS}:${now()}`;
  await bus.publish(BACKFILL_TOPIC, { ...range, request_id: requestId }, { messageId: requestId });
  return { ...told, repair_from: range.from, repair_to: range.to, repair_try: asked.tries };
}

function gapSeconds(timeline: readonly CoverageStretch[]): number {
  const gaps = timeline.filter(({ state }) => state !== "complete");
  return gaps.reduce((ms, { fromMs, toMs }) => ms + toMs - fromMs, 0) / SECOND_MS;
}

async function readState({ store: { checkpoints }, feed }: RepairGapsParts) {
  const name = `trades:${feed.name}:repair`;
  const found = await checkpoints.read(name);
  const outcome = repairState.safeParse(found?.state ?? { askedAtMs: 0, tries: [] });
  if (!outcome.success) {
    const message = `The checkpoint ${name} has an unknown shape.`;
    throw new PolytapeError("bug", "checkpoint_malformed", message, { cause: outcome.error });
  }
  return {
    state: outcome.data,
    save: (next: z.infer<typeof repairState>) =>
      checkpoints.write(name, next, found?.version ?? null).then(() => {}),
  };
}

/** Any at all: those begun by others read the same feed, and what they mend need not be asked for. */
async function isBackfillOpen({ checkpoints }: RepairGapsParts["store"]): Promise<boolean> {
  const outcome = backfills.safeParse((await checkpoints.read(BACKFILLS))?.state);
  return outcome.success && outcome.data.backfills.some(({ open }) => open);
}

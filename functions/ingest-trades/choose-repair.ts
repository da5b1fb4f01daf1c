import { type CoverageStretch, DAY_MS, HOUR_MS, MINUTE_MS } from "@polytape/market-model";
import { z } from "zod";

/** A range that was asked for: from included, to excluded. */
export const triedRange = z.object({
  fromMs: z.int(),
  toMs: z.int(),
  tries: z.int(),
  /** Not asked for again before. */
  nextAtMs: z.int(),
});
export type TriedRange = z.infer<typeof triedRange>;

const FIRST_PAUSE_MS = 10 * MINUTE_MS;
const PAUSE_MAX_MS = DAY_MS;
/** Gaps tried as often that lie this near to each other are asked for together: the feed is read through them anyway. */
const JOIN_MS = HOUR_MS;
/** A checkpoint must stay small: of more the ones that may be asked for soonest are forgotten. */
const TRIES_KEPT_MAX = 200;

type Range = Pick<CoverageStretch, "fromMs" | "toMs">;

/**
 * The newest range of a timeline that may be asked for now, and what is to be remembered then. What was asked for and
 * has no gap any more is forgotten. Pauses grow from ten minutes to a day.
 */
export function chooseRepair(
  timeline: readonly CoverageStretch[],
  before: readonly TriedRange[],
  nowMs: number,
): { readonly asked: TriedRange; readonly tries: TriedRange[] } | null {
  const gaps = timeline.filter(isMendable);
  const known = before.filter((each) => gaps.some((gap) => overlap(each, gap)));
  const blocked = known.filter(({ nextAtMs }) => nextAtMs > nowMs);
  const due = gaps.flatMap((gap) => leaveOut(gap, blocked));
  const newest = due.at(-1);
  if (!newest) return null;
  const triesOf = (range: Range) =>
    Math.max(0, ...known.filter((each) => overlap(each, range)).map(({ tries }) => tries));
  const tries = triesOf(newest) + 1;
  let { fromMs } = newest;
  for (const each of due.toReversed())
    if (each.toMs >= fromMs - JOIN_MS && triesOf(each) + 1 === tries) fromMs = Math.min(fromMs, each.fromMs);
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), PAUSE_MAX_MS);
  const asked = { fromMs, toMs: newest.toMs, tries, nextAtMs: nowMs + pauseMs };
  const others = known.filter((each) => each.nextAtMs > nowMs || !isWithin(each, asked));
  const kept = [...others, asked].sort((a, b) => b.nextAtMs - a.nextAtMs).slice(0, TRIES_KEPT_MAX);
  return { asked, tries: kept };
}

/** A row that was refused would be refused again. */
function isMendable({ state, cause }: CoverageStretch): boolean {
  return state === "missing" || (state === "partial" && cause !== "row_rejected");
}

function overlap(one: Range, other: Range): boolean {
  return one.fromMs < other.toMs && other.fromMs < one.toMs;
}

function isWithin(inner: Range, outer: Range): boolean {
  return outer.fromMs <= inner.fromMs && inner.toMs <= outer.toMs;
}

function leaveOut({ fromMs, toMs }: Range, blocked: readonly Range[]): Range[] {
  let left: Range[] = [{ fromMs, toMs }];
  for (const cut of blocked.filter((each) => overlap(each, { fromMs, toMs })))
    left = left
      .flatMap((range) => [
        { fromMs: range.fromMs, toMs: Math.min(range.toMs, cut.fromMs) },
        { fromMs: Math.max(range.fromMs, cut.toMs), toMs: range.toMs },
      ])
      .filter((range) => range.fromMs < range.toMs);
  return left;
}

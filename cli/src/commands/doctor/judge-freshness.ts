import { type CoverageStretch, DAY_MS, HOUR_MS, MINUTE_MS, toRfc3339 } from "@polytape/market-model";
import type { LastSelfCheck } from "../../self-check-state.ts";
import { durationText } from "./duration-text.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

const READ_THE_LOG = "read the log of ingest-trades; polytape coverage says what is missing";
const LAG_WARNING_MS = 5 * MINUTE_MS;
const LAG_FAILED_MS = HOUR_MS;

/** A quiet venue ages too, so only what is old by any measure is called a failure. */
export function judgeLag(newestMs: number | null, nowMs: number): Finding {
  if (newestMs === null)
    return warning("no trade is stored", "wait for the first tick of ingest-trades, or read its log");
  const lagMs = Math.max(0, nowMs - newestMs);
  const said = `the newest trade is ${durationText(lagMs)} old`;
  if (lagMs > LAG_FAILED_MS) return failed(said, READ_THE_LOG);
  return lagMs > LAG_WARNING_MS ? warning(said, READ_THE_LOG) : ok(said);
}

export function judgeCoverage(timeline: readonly CoverageStretch[]): Finding {
  const wholeMs = timeline.reduce((ms, { fromMs, toMs }) => ms + toMs - fromMs, 0);
  const gaps = timeline.filter(({ state }) => state !== "complete");
  const gapMs = gaps.reduce((ms, { fromMs, toMs }) => ms + toMs - fromMs, 0);
  // Cut, not rounded: 100 % is all.
  const share = wholeMs === 0 ? 0 : Math.floor((1 - gapMs / wholeMs) * 1_000) / 10;
  const [longest] = [...gaps].sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs));
  if (!longest) return ok("the last day is complete");
  const since = `longest gap ${durationText(longest.toMs - longest.fromMs)} from ${toRfc3339(longest.fromMs)}`;
  const why = longest.cause === null ? longest.state : `${longest.state}, ${longest.cause}`;
  return warning(
    `${share} % of the last day is complete; ${since} (${why})`,
    gaps.every(isBeyondHelp) ? BEYOND_HELP : BACKFILL,
  );
}

const BACKFILL =
  "polytape backfill start --from …, unless a backfill is under way (polytape backfill status)";
const BEYOND_HELP = "nothing: the upstream does not serve what is missing, and the answers say so";

/** What a backfill has asked for in vain, or was refused as it came. */
function isBeyondHelp({ state, cause }: CoverageStretch): boolean {
  return (state === "missing" && cause === "upstream_cap") || cause === "row_rejected";
}

const SELF_CHECK_AGE_MAX_MS = 3 * DAY_MS;

export function judgeSelfCheck(last: LastSelfCheck | null | undefined, nowMs: number): Finding {
  if (last === undefined)
    return warning("its checkpoint has an unknown shape", "is this command older than the functions?");
  if (last === null)
    return warning("none yet", "the first ends a day after the first whole day; read the log of self-check");
  const { checkedMarkets, missingRows, extraRows, anomalies } = last.totals;
  const said = `${toRfc3339(last.dayMs).slice(0, 10)}: ${checkedMarkets} markets, ${missingRows} rows missing, ${extraRows} extra, ${anomalies} anomalies`;
  if (nowMs - last.endedAtMs > SELF_CHECK_AGE_MAX_MS)
    return warning(
      `${said}; ended ${durationText(nowMs - last.endedAtMs)} ago`,
      "read the log of self-check",
    );
  if (missingRows + extraRows + anomalies > 0)
    return warning(
      said,
      "what was missing is stored by it; read its log for the markets, and polytape coverage",
    );
  return ok(said);
}

const DRIFT_WARNING_MS = 2_000;
const DRIFT_FAILED_MS = 30_000;

/** The header counts whole seconds, so half of one is added; the answer is taken to be made half way. */
export function judgeClock(
  date: string | null,
  { askedMs, answeredMs }: { askedMs: number; answeredMs: number },
): Finding {
  const theirsMs = Date.parse(date ?? "");
  if (Number.isNaN(theirsMs))
    return warning("the upstream tells no time", "compare the clock by hand: timedatectl");
  const driftMs = Math.round((askedMs + answeredMs) / 2 - (theirsMs + 500));
  const side = driftMs > 0 ? "ahead of" : "behind";
  const cure = "keep time by NTP: timedatectl set-ntp true";
  const said = `${durationText(Math.abs(driftMs))} ${side} the upstream`;
  if (Math.abs(driftMs) > DRIFT_FAILED_MS) return failed(said, cure);
  return Math.abs(driftMs) > DRIFT_WARNING_MS ? warning(said, cure) : ok("as the upstream's");
}

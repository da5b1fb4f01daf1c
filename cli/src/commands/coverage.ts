import {
  type CoverageState,
  type CoverageStretch,
  cutTimeline,
  DAY_MS,
  type EpochMs,
  toRfc3339,
  windowStart,
} from "@polytape/market-model";
import { COVERAGE_DAYS_MAX } from "@polytape/market-store";
import { z } from "zod";
import { type Command, defineCommand, type Tools } from "../command.ts";
import { keptFromMs } from "../kept-days.ts";
import { knownMarketId, MARKET_NAMES } from "../name-market.ts";
import { json, moment } from "../options.ts";
import { usage } from "../parse-command.ts";
import { printApiCoverage } from "../reading/api-coverage.ts";
import { csvLines, format } from "../reading/output.ts";
import { shareText } from "../share-text.ts";
import { tableLines } from "../table.ts";

const STREAMS = ["trades", "books", "markets"] as const;
const DAYS_DEFAULT = 7;
const PAST = "past retention";
/** Gaps named in one line of the table; `--json` names all. */
const GAPS_SHOWN = 3;

const coverage = defineCommand({
  name: "coverage",
  operands: [],
  summary: "what is proven complete, day by day (UTC), and what is missing and why",
  options: z.strictObject({
    market: z.string().min(1, "must name a market").optional().meta({ description: MARKET_NAMES }),
    stream: z
      .enum(STREAMS, `must be one of ${STREAMS.join(", ")}`)
      .optional()
      .meta({ description: `${STREAMS.join(", ")}; default trades` }),
    from: moment(`a day or a moment; default ${DAYS_DEFAULT} days before the end`).optional(),
    to: moment("a day or a moment, excluded; default now").optional(),
    json: json.meta({ description: "as JSON, one day a line, with every gap" }),
    api: z.literal(true).optional().meta({
      description:
        "over the API, entry by entry; so too when POLYTAPE_API_KEY is set and OPENSEARCH_URL is not",
    }),
    format,
  }),
  async run({ options }, tools) {
    const toMs = options.to ?? tools.now();
    const fromMs = options.from ?? toMs - DAYS_DEFAULT * DAY_MS;
    requireRange(fromMs, toMs, options.to === undefined);
    const { market, stream = "trades", json, format } = options;
    if (options.api || isReader(tools))
      return printApiCoverage({ market, stream, fromMs, toMs, format: json ? "json" : format }, tools);
    const store = await tools.store();
    const marketId = market === undefined ? undefined : await knownMarketId(store, market);
    const timeline = await store.coverage.readTimeline({ stream, marketId, fromMs, toMs });
    if (stream !== "trades") tools.tell(ONLY_TRADES);
    const days = daysOf(timeline, { fromMs, toMs, keptMs: keptFromMs(tools) ?? 0 });
    if (json || format === "json") for (const day of days) tools.print(JSON.stringify(dayAsJson(day)));
    else if (format === "csv") for (const line of dayCsv(days)) tools.print(line);
    else for (const line of dayTable(days)) tools.print(line);
  },
});

export const coverageCommands: readonly Command[] = [coverage];

/** Whoever has a key and names no store has none. */
function isReader(tools: Tools): boolean {
  const { api, variables } = tools.surroundings();
  return Boolean(api.key) && !variables["OPENSEARCH_URL"];
}

interface Day {
  readonly fromMs: EpochMs;
  readonly stretches: readonly CoverageStretch[];
  /** Older than what is kept, and nothing known about it any more. */
  readonly isPast: boolean;
}

const ONLY_TRADES =
  "Only trades have a ledger so far: of books it names doubtful ones alone. A book tells its own age and hash in each answer.";

function requireRange(fromMs: EpochMs, toMs: EpochMs, endsNow: boolean): void {
  if (endsNow && fromMs >= toMs)
    throw usage("coverage: --from lies in the future, of which nothing is known; --to is now unless given.");
  if (fromMs >= toMs) throw usage("coverage: --from must lie before --to.");
  if (toMs - windowStart(fromMs, DAY_MS) > COVERAGE_DAYS_MAX * DAY_MS)
    throw usage(`coverage: at most ${COVERAGE_DAYS_MAX} days at once.`);
}

function daysOf(
  timeline: readonly CoverageStretch[],
  { fromMs, toMs, keptMs }: { fromMs: EpochMs; toMs: EpochMs; keptMs: EpochMs },
): Day[] {
  const firstMs = windowStart(fromMs, DAY_MS);
  return Array.from({ length: Math.ceil((toMs - firstMs) / DAY_MS) }, (_, place) => {
    const dayMs = firstMs + place * DAY_MS;
    const stretches = cutTimeline(timeline, dayMs, dayMs + DAY_MS);
    const isPast = dayMs < keptMs && stretches.every(({ state }) => state === "unknown");
    return { fromMs: dayMs, stretches, isPast };
  });
}

function dayCsv(days: readonly Day[]): string[] {
  const rows = days.map((day) => {
    const { gaps, past_retention: _, ...milliseconds } = dayAsJson(day);
    return [...Object.values(milliseconds), gaps.length];
  });
  return csvLines([["day", "complete_ms", "partial_ms", "missing_ms", "unknown_ms", "gaps"], ...rows]);
}

function dayTable(days: readonly Day[]): string[] {
  const rows = days.map((day) => [
    toRfc3339(day.fromMs).slice(0, 10),
    shareOf(day.stretches, "complete"),
    day.isPast ? PAST : gapsText(gapsOf(day)),
  ]);
  const all = days.flatMap(({ stretches }) => stretches);
  const pastMs = days.reduce(
    (ms, day) => ms + (day.isPast ? millisecondsIn(day.stretches, "unknown") : 0),
    0,
  );
  const parts = [
    ...(["partial", "missing"] as const).map((state) => [state, millisecondsIn(all, state)] as const),
    ["unknown", millisecondsIn(all, "unknown") - pastMs] as const,
    [PAST, pastMs] as const,
  ].flatMap(([name, ms]) => (ms > 0 ? [`${name} ${shareText(ms, wholeMs(all))}`] : []));
  return [
    ...tableLines(["day (UTC)", "complete", "gaps"], rows),
    "",
    [`In all: complete ${shareOf(all, "complete")}`, ...parts].join(", "),
  ];
}

/** Oldest first; when there are too many for a line, the longest. */
function gapsText(gaps: readonly CoverageStretch[]): string {
  if (gaps.length === 0) return "none";
  const shown = [...gaps]
    .sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
    .slice(0, GAPS_SHOWN)
    .sort((a, b) => a.fromMs - b.fromMs)
    .map(({ fromMs, toMs, state, cause }) =>
      [`${timeText(fromMs)}-${timeText(toMs, "24:00:00")}`, state, ...(cause ? [`(${cause})`] : [])].join(
        " ",
      ),
    );
  const others = gaps.length - shown.length;
  return [...shown, ...(others > 0 ? [`and ${others} shorter`] : [])].join("; ");
}

/** Time of day; the end of a day is told as its own, not as the next one's start. */
function timeText(atMs: EpochMs, atMidnight = "00:00:00"): string {
  return atMs % DAY_MS === 0
    ? atMidnight
    : toRfc3339(atMs)
        .slice(11)
        .replace(/(\.000)?Z$/, "");
}

function gapsOf({ stretches }: Day): CoverageStretch[] {
  return stretches.filter(({ state }) => state !== "complete");
}

function shareOf(stretches: readonly CoverageStretch[], state: CoverageState): string {
  return shareText(millisecondsIn(stretches, state), wholeMs(stretches));
}

function wholeMs(stretches: readonly CoverageStretch[]): number {
  return stretches.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

function millisecondsIn(stretches: readonly CoverageStretch[], state: CoverageState): number {
  return stretches.reduce((ms, each) => ms + (each.state === state ? each.toMs - each.fromMs : 0), 0);
}

function dayAsJson(day: Day) {
  const { stretches } = day;
  return {
    day: toRfc3339(day.fromMs).slice(0, 10),
    complete_ms: millisecondsIn(stretches, "complete"),
    partial_ms: millisecondsIn(stretches, "partial"),
    missing_ms: millisecondsIn(stretches, "missing"),
    unknown_ms: millisecondsIn(stretches, "unknown"),
    ...(day.isPast && { past_retention: true }),
    gaps: gapsOf(day).map(({ fromMs, toMs, state, cause }) => ({
      from: toRfc3339(fromMs),
      to: toRfc3339(toMs),
      state,
      cause,
    })),
  };
}

import { wholeNumber } from "@polytape/function-runtime";
import { type EpochMs, PolytapeError, SECOND_MS, toRfc3339 } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { z } from "zod";
import { type Command, defineCommand, type Tools } from "../command.ts";
import { MARKET_NAMES, nameMarket } from "../name-market.ts";
import { json, moment } from "../options.ts";
import { tableLines } from "../table.ts";

const FUNCTION = "backfill-trades";
const FIRST_ID = "first";
const settings = z.object({ SETTLE_SECONDS: wholeNumber({ min: 0, max: 86_400 }).default(600) });

const start = defineCommand({
  name: "backfill start",
  operands: [],
  summary: "fills in trades of the past, of all markets or of one",
  options: z.strictObject({
    from: moment("a day or a moment; default BACKFILL_DAYS ago").optional(),
    to: moment("a day or a moment, excluded; default now").optional(),
    market: z.string().min(1, "must name a market").optional().meta({ description: MARKET_NAMES }),
  }),
  async run({ options: { from, to, market } }, tools) {
    if (from === undefined && to === undefined && market === undefined)
      throw new PolytapeError("input", "usage", "backfill start needs --from, --to or --market.");
    const request = {
      ...(from !== undefined && { from: toRfc3339(from) }),
      ...(to !== undefined && { to: toRfc3339(to) }),
      ...(market !== undefined && { market_id: await nameMarket(tools.store, market) }),
    };
    const answer = started.parse(await tools.callFunction(FUNCTION, request));
    if (answer.skipped !== undefined) {
      tools.print(`Nothing was started: ${answer.skipped}.`);
      return;
    }
    if (answer.estimate) tools.print(`About ${sizeOf(answer.estimate)}.`);
    tools.print(`${answer.backfill ?? "The backfill"}: ${answer.outcome ?? "not known"}.`);
    tools.print("polytape backfill status tells how far it is.");
  },
});

const status = defineCommand({
  name: "backfill status",
  operands: [],
  summary: "backfills, how far each is and how long it will take",
  options: z.strictObject({ json }),
  async run({ options }, tools) {
    const backfills = await readBackfills(await tools.store());
    if (options.json) for (const backfill of backfills) tools.print(JSON.stringify(backfill));
    else if (backfills.length === 0) tools.print("There are no backfills.");
    else {
      const waits = waitingOf(tools);
      const rows = backfills.map((each) => rowOf(each, waits(each)));
      for (const line of tableLines(HEADINGS, rows)) tools.print(line);
    }
  },
});

export const backfillCommands: readonly Command[] = [start, status];

/** What is read here of the checkpoints that backfill-trades keeps. */
const list = z.object({ backfills: z.array(z.object({ id: z.string() })) });
const estimate = z.object({ rows: z.number(), bytes: z.number(), seconds: z.number() });
const backfill = z.object({
  id: z.string(),
  marketId: z.string().nullable(),
  fromSeconds: z.number(),
  toSeconds: z.number(),
  state: z.string(),
  updatedAtMs: z.number(),
  pages: z.number(),
  rows: z.number(),
  estimate: estimate.nullable(),
  rowsPerSecond: z.number().nullable(),
  servedFromSeconds: z.number().nullable(),
  reason: z.string().nullable(),
  waitsFor: z.string().nullable().default(null),
  /** Reckoned by the function; null before its first call. */
  progress: z
    .object({
      donePercent: z.number(),
      rowsLeft: z.number().nullable(),
      secondsToGo: z.number().nullable(),
    })
    .nullable()
    .default(null),
});
type Backfill = z.infer<typeof backfill>;

const started = z.object({
  skipped: z.string().optional(),
  backfill: z.string().optional(),
  outcome: z.string().optional(),
  estimate: estimate.nullish(),
});

async function readBackfills({ checkpoints }: MarketStore): Promise<Backfill[]> {
  const found = await checkpoints.read("backfills");
  if (!found) return [];
  const states: Backfill[] = [];
  for (const { id } of list.parse(found.state).backfills) {
    const checkpoint = await checkpoints.read(`backfill:${id}`);
    if (checkpoint) states.push(backfill.parse(checkpoint.state));
  }
  return states;
}

const HEADINGS = [
  "backfill",
  "state",
  "from (UTC)",
  "to (UTC)",
  "done",
  "rows",
  "left",
  "rows/s",
  "to go",
  "last run",
  "remark",
];

const NOTHING_YET = { donePercent: null, rowsLeft: null, secondsToGo: null };

function rowOf(state: Backfill, waitsUntilMs: EpochMs | null) {
  const begun = state.pages > 0;
  const { donePercent, rowsLeft, secondsToGo } = (begun ? state.progress : null) ?? NOTHING_YET;
  return [
    state.id,
    state.state,
    timeText(state.fromSeconds * SECOND_MS),
    timeText(state.toSeconds * SECOND_MS),
    donePercent === null ? null : `${donePercent} %`,
    begun ? state.rows : null,
    rowsLeft,
    state.rowsPerSecond,
    secondsToGo === null ? null : `${secondsToGo} s`,
    timeText(state.updatedAtMs),
    remarkOf(state, waitsUntilMs),
  ];
}

function remarkOf(
  { reason, waitsFor, servedFromSeconds }: Backfill,
  waitsUntilMs: EpochMs | null,
): string | null {
  if (reason !== null) return reason;
  if (waitsFor !== null) return `waits: ${waitsFor}`;
  if (waitsUntilMs !== null) return `waits until ${timeText(waitsUntilMs).slice(11)}`;
  if (servedFromSeconds === null) return null;
  return `served only from ${timeText(servedFromSeconds * SECOND_MS)}: the rest is missing upstream`;
}

/** The one before the first start begins SETTLE_SECONDS after it was planned, to meet the live tail. */
function waitingOf(tools: Tools): (backfill: Backfill) => EpochMs | null {
  const { SETTLE_SECONDS } = settings.parse({
    SETTLE_SECONDS: tools.surroundings().variables["SETTLE_SECONDS"],
  });
  return ({ id, pages, state, toSeconds }) => {
    const dueMs = (toSeconds + SETTLE_SECONDS) * SECOND_MS;
    return id === FIRST_ID && state === "running" && pages === 0 && dueMs > tools.now() ? dueMs : null;
  };
}

function timeText(atMs: EpochMs): string {
  return toRfc3339(atMs).slice(0, 19).replace("T", " ");
}

function sizeOf({ rows, bytes, seconds }: z.infer<typeof estimate>): string {
  const minutes = Math.ceil(seconds / 60);
  return `${rows} trades, ${Math.ceil(bytes / 1e6)} MB on disk without candles, ${minutes} min or more`;
}

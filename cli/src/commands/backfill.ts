import { PolytapeError, toRfc3339 } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { z } from "zod";
import { type Command, defineCommand } from "../command.ts";
import { json } from "../options.ts";
import { tableLines } from "../table.ts";

const FUNCTION = "backfill-trades";

const start = defineCommand({
  name: "backfill start",
  operands: [],
  summary: "fills in trades of the past, of all markets or of one",
  options: z.strictObject({
    from: z.string().optional().meta({ description: "RFC 3339 time; default BACKFILL_DAYS ago" }),
    to: z.string().optional().meta({ description: "RFC 3339 time; default now" }),
    market: z.string().optional().meta({ description: "condition id; default all markets" }),
  }),
  async run({ options: { from, to, market } }, tools) {
    if (from === undefined && to === undefined && market === undefined)
      throw new PolytapeError("input", "usage", "backfill start needs --from, --to or --market.");
    const answer = started.parse(await tools.callFunction(FUNCTION, { from, to, market_id: market }));
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
    else for (const line of tableLines(HEADINGS, backfills.map(rowOf))) tools.print(line);
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
  rows: z.number(),
  estimate: estimate.nullable(),
  rowsPerSecond: z.number().nullable(),
  servedFromSeconds: z.number().nullable(),
  reason: z.string().nullable(),
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
  "from",
  "done",
  "rows",
  "left",
  "rows/s",
  "to go",
  "last run",
  "remark",
];

const NOTHING_YET = { donePercent: 0, rowsLeft: null, secondsToGo: null };

function rowOf(state: Backfill) {
  const { donePercent, rowsLeft, secondsToGo } = state.progress ?? NOTHING_YET;
  return [
    state.id,
    state.state,
    toRfc3339(state.fromSeconds * 1_000),
    `${donePercent} %`,
    state.rows,
    rowsLeft,
    state.rowsPerSecond,
    secondsToGo === null ? null : `${secondsToGo} s`,
    toRfc3339(state.updatedAtMs),
    remarkOf(state),
  ];
}

function remarkOf({ reason, servedFromSeconds }: Backfill): string | null {
  if (reason !== null) return reason;
  return servedFromSeconds === null
    ? null
    : `upstream serves nothing before ${toRfc3339(servedFromSeconds * 1_000)}`;
}

function sizeOf({ rows, bytes, seconds }: z.infer<typeof estimate>): string {
  const minutes = Math.ceil(seconds / 60);
  return `${rows} trades, ${Math.ceil(bytes / 1e6)} MB on disk without candles, ${minutes} min or more`;
}

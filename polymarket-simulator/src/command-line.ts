import { parseArgs } from "node:util";
import { z } from "zod";
import { type Fault, readFaultFlag } from "./faults/fault-settings.ts";
import { DEFAULT_WORLD } from "./world/world-settings.ts";

const whole = (min: number, max: number) =>
  z.string().regex(/^\d+$/, "must be a whole number").transform(Number).pipe(z.number().min(min).max(max));
const number = (min: number, max: number) =>
  z.string().transform(Number).pipe(z.number("must be a number").min(min).max(max));

/** RFC 3339, or epoch seconds. */
const moment = z
  .string()
  .transform((text) => (/^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text)))
  .pipe(z.number("must be a time like 2026-11-20T12:00:00Z, or epoch seconds"));

const faultFlag = z.string().transform((flag, context): Fault => {
  try {
    return readFaultFlag(flag);
  } catch (cause) {
    context.addIssue(cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause));
    return z.NEVER;
  }
});

/** Every option with its meaning; the keys are the names on the command line. */
const OPTIONS = {
  port: { schema: whole(0, 65_535).default(8090), about: "0 takes a free port" },
  seed: { schema: whole(0, 4_294_967_295).default(DEFAULT_WORLD.seed), about: "fixes the whole world" },
  epoch: {
    schema: moment.optional(),
    about: "end of history, begin of live trading; default: the last full hour",
  },
  "epoch-file": {
    schema: z.string().optional(),
    about: "keeps the epoch of the first start, so that a restart finds the same world",
  },
  clock: { schema: z.enum(["real", "manual"]).default("real"), about: "manual: set by POST /_clock" },
  markets: { schema: whole(8, 1_000_000).default(DEFAULT_WORLD.marketCount), about: "markets at the epoch" },
  "new-markets-per-hour": {
    schema: number(0, 100_000).default(DEFAULT_WORLD.newMarketsPerHour),
    about: "born after it",
  },
  "closed-share": { schema: number(0, 1).default(DEFAULT_WORLD.closedShare), about: "closed before it" },
  "history-hours": {
    schema: number(0, 2_000).default(DEFAULT_WORLD.historyHours),
    about: "trades before it",
  },
  "history-rate": {
    schema: number(0, 5_000).default(DEFAULT_WORLD.historyTradesPerSecond),
    about: "their taker rows per second",
  },
  rate: {
    schema: number(0, 5_000).default(DEFAULT_WORLD.tradesPerSecond),
    about: "live taker rows per second",
  },
  "lag-ms-min": { schema: whole(0, 600_000).default(DEFAULT_WORLD.lagMsMin), about: "least serving lag" },
  "lag-ms-max": { schema: whole(0, 600_000).default(DEFAULT_WORLD.lagMsMax), about: "greatest serving lag" },
  "block-spread-ms": {
    schema: whole(0, 60_000).default(DEFAULT_WORLD.blockSpreadMs),
    about: "time over which a block's rows appear",
  },
  "enrichment-ms": {
    schema: whole(0, 3_600_000).default(DEFAULT_WORLD.enrichmentMs),
    about: "age until which some rows lack outcome_index and event_slug",
  },
  "equal-rows-share": {
    schema: number(0, 1).default(DEFAULT_WORLD.equalRowsShare),
    about: "settlements with rows equal in every field",
  },
  recordings: {
    schema: z.string().optional(),
    about: "a folder of recorded payloads to serve instead of a world",
  },
  fault: {
    schema: z.array(faultFlag).max(50).default([]),
    about: "a fault from the start, e.g. rate-limited:every=10,path=/data; may be repeated",
  },
} as const;

const commandSchema = z.strictObject({
  port: OPTIONS.port.schema,
  seed: OPTIONS.seed.schema,
  epoch: OPTIONS.epoch.schema,
  "epoch-file": OPTIONS["epoch-file"].schema,
  clock: OPTIONS.clock.schema,
  markets: OPTIONS.markets.schema,
  "new-markets-per-hour": OPTIONS["new-markets-per-hour"].schema,
  "closed-share": OPTIONS["closed-share"].schema,
  "history-hours": OPTIONS["history-hours"].schema,
  "history-rate": OPTIONS["history-rate"].schema,
  rate: OPTIONS.rate.schema,
  "lag-ms-min": OPTIONS["lag-ms-min"].schema,
  "lag-ms-max": OPTIONS["lag-ms-max"].schema,
  "block-spread-ms": OPTIONS["block-spread-ms"].schema,
  "enrichment-ms": OPTIONS["enrichment-ms"].schema,
  "equal-rows-share": OPTIONS["equal-rows-share"].schema,
  recordings: OPTIONS.recordings.schema,
  fault: OPTIONS.fault.schema,
});

export type Command = z.output<typeof commandSchema>;

/** Reads the command line; throws an Error that names all faults at once. */
export function readCommandLine(args: readonly string[]): Command {
  const names = Object.keys(OPTIONS);
  const options = Object.fromEntries(
    names.map((name) => [name, { type: "string" as const, multiple: name === "fault" }]),
  );
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (cause) {
    throw new Error("the command line is wrong", { cause });
  }
  const read = commandSchema.safeParse({ ...values });
  if (!read.success) throw new Error(z.prettifyError(read.error));
  return read.data;
}

/** What `--help` shows. */
export function usage(): string {
  const lines = Object.entries(OPTIONS).map(([name, { about }]) => `  --${name.padEnd(22)} ${about}`);
  return ["A simulated Polymarket on loopback.", "", ...lines].join("\n");
}

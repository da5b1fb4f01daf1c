import { HOUR_MS, PolytapeError, toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import { type Command, defineCommand, type Tools } from "../command.ts";
import { keptFromMs } from "../kept-days.ts";
import { knownMarketId, MARKET_NAMES } from "../name-market.ts";
import { moment } from "../options.ts";
import { usage } from "../parse-command.ts";

const FUNCTION = "build-candles";
/** Calls in a row that fail before it gives up, and how long it waits between them. */
const TRIES_MAX = 5;
const PAUSE_MS = 2_000;

const rebuildCandles = defineCommand({
  name: "rebuild-candles",
  operands: [],
  summary: "makes candles anew from the stored trades, and says what that changed",
  options: z.strictObject({
    from: moment("a day or a moment"),
    to: moment("a day or a moment, excluded"),
    market: z.string().min(1, "must name a market").optional().meta({ description: MARKET_NAMES }),
  }),
  async run({ options: { from, to, market } }, tools) {
    const range = rangeWithTrades(from, to, tools);
    const marketId = market === undefined ? undefined : await knownMarketId(await tools.store(), market);
    const request = {
      rebuild: { from: toRfc3339(range.fromMs), to: toRfc3339(range.toMs), market_id: marketId },
    };
    tools.print(sentenceOf(await rebuildToEnd(request, range, tools)));
  },
});

export const rebuildCommands: readonly Command[] = [rebuildCandles];

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What function build-candles answers; counts are of the whole rebuild, also of the calls before. */
const rebuildAnswer = z.object({
  rebuild_from: z.string(),
  rebuild_to: z.string(),
  minutes: z.number(),
  created: z.number(),
  changed: z.number(),
  revised: z.number(),
  unchanged: z.number(),
  orphaned: z.number(),
  too_large: z.number(),
  orphaned_examples: z.array(z.string()).default([]),
  too_large_examples: z.array(z.string()).default([]),
  nothing_changed: z.boolean(),
  next: z.object({ hour: z.string() }).nullable(),
});
type RebuildAnswer = z.output<typeof rebuildAnswer>;

/** The part of the range in which there can be trades. Throws `usage` when there is none. */
function rangeWithTrades(fromMs: number, toMs: number, tools: Tools): Range {
  const nowMs = tools.now();
  const keptMs = keptFromMs(tools) ?? 0;
  if (fromMs >= toMs) throw usage("rebuild-candles: --from must lie before --to.");
  if (fromMs >= nowMs)
    throw usage("rebuild-candles: --from lies in the future, where there are no trades yet.");
  const kept = `before ${toRfc3339(keptMs)} no trades are kept (RETENTION_DAYS)`;
  if (toMs <= keptMs) throw usage(`rebuild-candles: ${kept}, so there is nothing to make candles of.`);
  if (fromMs < keptMs) tools.tell(`It begins at ${toRfc3339(keptMs)}: ${kept}.`);
  if (toMs > nowMs) tools.tell("It ends with the present hour: --to lies in the future.");
  return { fromMs: Math.max(fromMs, keptMs), toMs: Math.min(toMs, nowMs) };
}

/** The function works some seconds a call and remembers where it stopped: the same request goes on there. */
async function rebuildToEnd(request: object, asked: Range, tools: Tools): Promise<RebuildAnswer> {
  const startedMs = tools.now();
  let first: RebuildAnswer | null = null;
  for (;;) {
    const answer = rebuildAnswer.parse(await callPatiently(request, tools));
    if (first === null) sayWidened(asked, answer, tools);
    tools.tell(progressLine(answer, first, tools.now() - startedMs));
    first ??= answer;
    if (answer.next === null) return answer;
  }
}

/** Throws what the last of the tries threw; a refusal at once. */
async function callPatiently(request: object, tools: Tools): Promise<unknown> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await tools.callFunction(FUNCTION, request);
    } catch (error) {
      if (!(error instanceof PolytapeError) || error.kind !== "operating") throw error;
      if (tried === TRIES_MAX) throw givenUp(error);
      tools.tell(`${error.message} Trying again (${tried} of ${TRIES_MAX}).`);
      await tools.pause(PAUSE_MS);
    }
  }
}

function givenUp(error: PolytapeError): PolytapeError {
  const message = `${error.message} Given up after ${TRIES_MAX} tries; the same command goes on where it stopped.`;
  return new PolytapeError("operating", error.code, message, { cause: error });
}

function sayWidened({ fromMs, toMs }: Range, answer: RebuildAnswer, tools: Tools): void {
  const { rebuild_from: from, rebuild_to: to } = answer;
  if (Date.parse(from) === fromMs && Date.parse(to) === toMs) return;
  tools.tell(`Widened to whole windows of an hour: ${from} to ${to}.`);
}

/** The first answer may stand for earlier calls too: a rate is known from the second on. */
function progressLine(answer: RebuildAnswer, first: RebuildAnswer | null, tookMs: number): string {
  const total = hoursBetween(answer.rebuild_from, answer.rebuild_to);
  const done = answer.next === null ? total : hoursBetween(answer.rebuild_from, answer.next.hour);
  const rate = first === null ? "" : `, ${Math.round(ratePerSecond(answer, first, tookMs))} minutes/s`;
  const left = `${done} of ${total} hours done, ${total - done} left`;
  return `${left}; ${answer.minutes} candle minutes looked at${rate}`;
}

function ratePerSecond(answer: RebuildAnswer, first: RebuildAnswer, tookMs: number): number {
  return ((answer.minutes - first.minutes) * 1_000) / Math.max(1, tookMs);
}

function hoursBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / HOUR_MS);
}

function sentenceOf(answer: RebuildAnswer): string {
  const { created, changed, revised, unchanged, orphaned, too_large: tooLarge } = answer;
  if (answer.nothing_changed)
    return unchanged === 0
      ? "Nothing changed: there are no trades in this range, and no candles."
      : `Nothing changed: ${unchanged} candles are what their trades say.`;
  const others = [
    ...(orphaned > 0 ? [`${orphaned} without trades, left alone${examples(answer.orphaned_examples)}`] : []),
    ...(tooLarge > 0 ? [`${tooLarge} too large to make${examples(answer.too_large_examples)}`] : []),
  ];
  const written = `${created} candles made, ${changed} changed (${revised} of them settled before), ${unchanged} unchanged`;
  return `${[written, ...others].join("; ")}.`;
}

function examples(ids: readonly string[]): string {
  return ids.length === 0 ? "" : ` (${ids.join(", ")})`;
}

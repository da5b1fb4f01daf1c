import { keyStateAt, listKeys } from "@polytape/api-access";
import { PolytapeError, toRfc3339, tradeTsMs } from "@polytape/market-model";
import { z } from "zod";
import { type Command, defineCommand, type Tools } from "../command.ts";
import { readLastSelfCheck } from "../self-check-state.ts";
import { STREAM_USAGE_WARNING, streamUsage, usageText } from "../stream-usage.ts";
import { tableLines } from "../table.ts";

const NOT_KNOWN = "not known";
const DEAD_LETTERS_SHOWN_MAX = 1_000;

/** Each line stands for itself: what is away is said, and the others are still told. */
const status = defineCommand({
  name: "status",
  operands: [],
  summary: "whether the servers answer, how fresh the tape is, the last self-check",
  options: z.strictObject({}),
  async run(_input, tools) {
    const lines = [
      ["opensearch", await said(() => storeHealth(tools))],
      ["newest trade", await said(() => newestTrade(tools))],
      ["self-check", await said(() => lastSelfCheck(tools))],
      ["keys", await said(() => keyCount(tools))],
      ["stream usage", await said(() => fullestStreams(tools))],
      ["dead letters", await said(() => deadLetterCount(tools))],
    ];
    for (const line of tableLines(["what", "state"], lines)) tools.print(line);
    if (lines.some(([, state]) => state?.startsWith(NOT_KNOWN)))
      throw new PolytapeError("operating", "status_incomplete", "Not everything could be told.");
  },
});

export const statusCommands: readonly Command[] = [status];

async function storeHealth(tools: Tools): Promise<string> {
  const { status, tookMs } = await (await tools.store()).health();
  return `${status}, answered in ${tookMs} ms`;
}

async function newestTrade(tools: Tools): Promise<string> {
  const store = await tools.store();
  const [trade] = await store.trades.findTrades({ rowSet: "taker", sort: "desc", limit: 1 });
  if (!trade) return "none";
  const seconds = Math.round((tools.now() - tradeTsMs(trade)) / 1_000);
  return `${toRfc3339(tradeTsMs(trade))}, ${seconds} s ago; stored ${toRfc3339(trade.ingestedAtMs)}`;
}

async function lastSelfCheck(tools: Tools): Promise<string> {
  const last = await readLastSelfCheck(await tools.store());
  if (last === undefined) return `${NOT_KNOWN}: its checkpoint has an unknown shape`;
  if (last === null) return "none yet";
  const { checkedMarkets, missingRows, extraRows, anomalies } = last.totals;
  const rest = last.left.length > 0 ? `, ${last.left.length} not reached` : "";
  const counts = `${missingRows} rows missing, ${extraRows} extra, ${anomalies} anomalies`;
  return `${toRfc3339(last.dayMs).slice(0, 10)}: ${checkedMarkets} markets${rest}; ${counts}; ended ${toRfc3339(last.endedAtMs)}`;
}

async function keyCount(tools: Tools): Promise<string> {
  const { records } = await listKeys(await (await tools.bus()).bucket("api_keys"));
  const active = records.filter((record) => keyStateAt(record, tools.now()) === "active");
  return `${active.length} active of ${records.length}`;
}

/** The fullest, or all that are nearly full: their publishers will be refused. */
async function fullestStreams(tools: Tools): Promise<string> {
  const { streams } = await (await tools.bus()).inspect();
  const usage = streamUsage(streams);
  const past = usage.filter(({ share }) => share > STREAM_USAGE_WARNING).map(usageText);
  if (past.length > 0) return `warning: nearly full: ${past.join(", ")}; see polytape doctor`;
  const [fullest] = usage;
  return fullest ? `fullest is ${usageText(fullest)}` : "none has a limit";
}

async function deadLetterCount(tools: Tools): Promise<string> {
  const letters = await (await tools.bus()).listDeadLetters({ limit: DEAD_LETTERS_SHOWN_MAX });
  return letters.length === DEAD_LETTERS_SHOWN_MAX ? `${letters.length} or more` : String(letters.length);
}

async function said(tell: () => Promise<string>): Promise<string> {
  try {
    return await tell();
  } catch (error) {
    if (error instanceof PolytapeError) return `${NOT_KNOWN}: ${error.message}`;
    throw error;
  }
}

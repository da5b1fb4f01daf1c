import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { manualClock } from "./clock.ts";
import { type Command, readCommandLine, usage } from "./command-line.ts";
import { startSimulator } from "./index.ts";

const HOUR_MS = 3_600_000;

/** The program: reads the command line, serves until it is told to stop. */
async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) {
    console.log(usage());
    return;
  }
  const command = readCommandLine(args);
  const epochMs = epochOf(command);
  const simulator = await startSimulator({
    port: command.port,
    ...(command.clock === "manual" ? { clock: manualClock(epochMs) } : {}),
    ...(command.recordings === undefined ? {} : { recordings: command.recordings }),
    faults: command.fault,
    seed: command.seed,
    epochMs,
    marketCount: command.markets,
    newMarketsPerHour: command["new-markets-per-hour"],
    closedShare: command["closed-share"],
    historyHours: command["history-hours"],
    historyTradesPerSecond: command["history-rate"],
    tradesPerSecond: command.rate,
    lagMsMin: command["lag-ms-min"],
    lagMsMax: command["lag-ms-max"],
    blockSpreadMs: command["block-spread-ms"],
    enrichmentMs: command["enrichment-ms"],
    equalRowsShare: command["equal-rows-share"],
  });
  console.log(simulator.introduction);
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => void simulator.close().then(() => process.exit(0)));
}

/** As given; else that of the first start, where a file keeps it; else the last full hour. */
function epochOf(command: Command): number {
  const file = command["epoch-file"];
  const kept =
    file !== undefined && existsSync(file) ? Date.parse(readFileSync(file, "utf8").trim()) : Number.NaN;
  const lastHour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const epochMs = command.epoch ?? (Number.isNaN(kept) ? lastHour : kept);
  if (file !== undefined) writeFileSync(file, `${new Date(epochMs).toISOString()}\n`);
  return epochMs;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const reason = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
  console.error(error instanceof Error ? `${error.message}${reason}` : error);
  process.exitCode = 1;
});

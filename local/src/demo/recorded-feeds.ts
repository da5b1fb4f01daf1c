import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PolytapeError } from "@polytape/market-model";
import { parse, stringify } from "yaml";
import { z } from "zod";

const listing = z.object({
  counts: z.object({
    markets: z.number(),
    market_versions: z.number(),
    versions_max: z.number(),
    rows: z.number(),
    books: z.number(),
  }),
  feeds: z.array(
    z.object({ name: z.string(), row_set: z.enum(["taker", "all"]), rows: z.number(), data_url: z.string() }),
  ),
  books: z.array(
    z.object({ asset_id: z.string(), market: z.string(), file: z.string(), verified: z.boolean() }),
  ),
  left_out: z.array(z.object({ file: z.string(), reason: z.string() })),
});
/** What a folder of recordings holds, as the simulator reads it. */
export type RecordingsListing = z.infer<typeof listing>;

/** Asks a simulator that runs only for this question, before the stack and its functions are decided. */
export async function listRecordings(
  repository: string,
  folder: string,
  port: number,
): Promise<RecordingsListing> {
  const program = join(repository, "polymarket-simulator/dist/simulator.cjs");
  const child = spawn(process.execPath, [program, "--port", String(port), "--recordings", folder], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2_000);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    for (let tries = 0; tries < 100 && child.exitCode === null; tries += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/_recordings`).catch(() => null);
      if (answer?.ok) return listing.parse(await answer.json());
      await pause(100);
    }
    throw new PolytapeError(
      "input",
      "recordings_unreadable",
      `The recordings in ${folder} cannot be served: ${said.trim()}`,
    );
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

/** The function that reads one feed. */
export function feedFunction(feedName: string): string {
  return `ingest-${feedName.replaceAll("_", "-")}`;
}

/**
 * A stack file with one more deployment of `ingest-trades` per recorded feed: the same bundle, another
 * upstream and checkpoint each, because recorded files overlap and are never merged. They have no schedule;
 * the demonstration calls them. Returns the file's path.
 */
export function writeFeedStack(
  repository: string,
  home: string,
  { feeds }: RecordingsListing,
  simulatorUrl: string,
): string {
  const { functions, ...rest } = stackFile.parse(parse(readFileSync(join(repository, "stack.yml"), "utf8")));
  const original = functions["ingest-trades"];
  if (!original)
    throw new PolytapeError("bug", "no_ingest_trades", "stack.yml has no function ingest-trades.");
  const deployments = feeds.map(({ name, row_set, data_url }) => [
    feedFunction(name),
    {
      ...original,
      handler: join(repository, original.handler),
      annotations: {},
      environment: {
        ...original.environment,
        POLYMARKET_DATA_URL: `${simulatorUrl}${data_url}`,
        COLLECT_TRADES: "true",
        TRADES_FEED: name.replaceAll("_", "-"),
        TRADES_ROW_SET: row_set,
        TRADES_FEED_IS_WHOLE: "false",
      },
    },
  ]);
  const file = join(home, "recorded-feeds.stack.yml");
  writeFileSync(file, stringify({ ...rest, functions: Object.fromEntries(deployments) }));
  return file;
}

const stackFile = z
  .object({
    functions: z.record(
      z.string(),
      z.object({ handler: z.string(), environment: z.record(z.string(), z.unknown()) }).loose(),
    ),
  })
  .loose();

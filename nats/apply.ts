import { applyTopology, type TopologyChange } from "@polytape/event-bus";
import {
  createLog,
  errorFacts,
  natsConnection,
  readEnvironment,
  readSettings,
} from "@polytape/function-runtime";
import { applySettings } from "./settings.ts";
import { topology } from "./src/index.ts";

/**
 * The apply command: makes a NATS server, found by URL and credentials, hold what the system needs.
 * `--dry-run` only says what it would do.
 */
async function main(): Promise<void> {
  const log = createLog("nats-apply");
  try {
    const settings = readSettings(applySettings, readEnvironment());
    const dryRun = process.argv.includes("--dry-run");
    const startedMs = Date.now();
    const changes = await applyTopology(
      {
        ...natsConnection(settings),
        clientName: "nats-apply",
        connectWithinMs: settings.NATS_WAIT_MS,
      },
      topology(
        {
          marketsMs: settings.POLL_INTERVAL_MARKETS_MS,
          tradesMs: settings.POLL_INTERVAL_TRADES_MS,
          booksMs: settings.POLL_INTERVAL_BOOKS_MS,
        },
        settings.NATS_REPLICAS,
      ),
      dryRun,
    );
    const would = dryRun ? "would-be-" : "";
    for (const { what, name, change } of changes)
      log.info(change === "unchanged" ? change : `${would}${change}`, { [what]: name });
    log.info(`${would}applied`, { ...countByKind(changes), took_ms: Date.now() - startedMs });
  } catch (error) {
    log.error("failed", errorFacts(error));
    process.exitCode = 1;
  }
}

function countByKind(changes: readonly TopologyChange[]): Record<TopologyChange["change"], number> {
  const counts = { unchanged: 0, created: 0, updated: 0, removed: 0 };
  for (const { change } of changes) counts[change] += 1;
  return counts;
}

void main();

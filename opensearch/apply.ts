import {
  createLog,
  errorFacts,
  openSearchConnection,
  readEnvironment,
  readSettings,
} from "@polytape/function-runtime";
import { applySettings } from "./settings.ts";
import { applyStoreSchema, type SchemaChange } from "./src/index.ts";

/** One request of the command; an index is made in less, also on a busy machine. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Settings and fields of one template that are named. */
const DIFFERS_MAX = 12;

/**
 * The apply command: makes an OpenSearch server, found by URL and credentials, hold what the store needs.
 * `--dry-run` only says what it would do.
 */
async function main(): Promise<void> {
  const log = createLog("opensearch-apply");
  try {
    const settings = readSettings(applySettings, readEnvironment());
    const dryRun = process.argv.includes("--dry-run");
    const startedMs = Date.now();
    const changes = await applyStoreSchema({
      ...openSearchConnection(settings),
      shards: settings.OPENSEARCH_SHARDS,
      replicas: settings.OPENSEARCH_REPLICAS,
      waitMs: settings.OPENSEARCH_WAIT_MS,
      timeoutMs: REQUEST_TIMEOUT_MS,
      dryRun,
    });
    const would = dryRun ? "would-be-" : "";
    for (const { what, name, change, differs } of changes)
      log.info(change === "unchanged" ? change : `${would}${change}`, {
        [what]: name,
        differs: differs && inAFewWords(differs),
      });
    log.info(`${would}applied`, { ...countByKind(changes), took_ms: Date.now() - startedMs });
  } catch (error) {
    log.error("failed", errorFacts(error));
    process.exitCode = 1;
  }
}

function inAFewWords(differs: readonly string[]): string {
  if (differs.length === 0) return "the description";
  const more = differs.length - DIFFERS_MAX;
  return [...differs.slice(0, DIFFERS_MAX), ...(more > 0 ? [`${more} more`] : [])].join("; ");
}

function countByKind(changes: readonly SchemaChange[]): Record<SchemaChange["change"], number> {
  const counts = { unchanged: 0, created: 0, updated: 0 };
  for (const { change } of changes) counts[change] += 1;
  return counts;
}

void main();

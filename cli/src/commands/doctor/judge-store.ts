import type { StoreState, Watermark } from "@polytape/market-store";
import { type Finding, failed, ok, some, warning } from "./finding.ts";

export function judgeHealth(
  { status, tookMs }: { status: string; tookMs: number },
  { version }: StoreState,
): Finding {
  const said = `OpenSearch ${version}, ${status}, answered in ${tookMs} ms`;
  if (status === "red")
    return failed(
      said,
      "some data cannot be read: look at its log and disk; if it stays so, restore a backup",
    );
  if (status === "yellow")
    return warning(said, "copies have nowhere to go: with one server set OPENSEARCH_REPLICAS=0");
  return ok(said);
}

export function judgeSchema({ schemaVersion, schemaNeeded }: StoreState): Finding {
  const said = `version ${schemaVersion}, this command knows ${schemaNeeded}`;
  if (schemaVersion < schemaNeeded)
    return failed(said, "set the store up: node opensearch/dist/apply.cjs (after a backup)");
  if (schemaVersion > schemaNeeded) return failed(said, "this command is older than the store: update it");
  return ok(`version ${schemaVersion}`);
}

const MEANING: Readonly<Record<Watermark, string>> = {
  low: "low watermark: no new indices on it",
  high: "high watermark: books give way",
  flood_stage: "flood stage: nothing new is taken",
};

export function judgeDisk({ nodes }: StoreState): Finding {
  const said = nodes.map(({ name, freeBytes, totalBytes, past }) => {
    const room = `${name} ${gigabytes(freeBytes)} free of ${gigabytes(totalBytes)}`;
    return past === null ? room : `${room}, past the ${MEANING[past]}`;
  });
  const cure = "make room, add disk, or lower RETENTION_DAYS";
  if (nodes.some(({ past }) => past === "high" || past === "flood_stage")) return failed(some(said), cure);
  if (nodes.some(({ past }) => past === "low")) return warning(some(said), cure);
  if (nodes.length === 0) return warning("not told", "let the account read _nodes/stats/fs");
  return ok(some(said));
}

export function judgeBlocks({ blocked, makesIndices }: StoreState): Finding {
  if (!makesIndices)
    return failed(
      "no index may come into being (action.auto_create_index)",
      "a restore broke off, or somebody forbade it: run polytape restore again, or lift the setting",
    );
  if (blocked.length === 0) return ok("none");
  const said = blocked.map(({ index, blocks }) => `${index} (${blocks.join(", ")})`);
  return failed(
    some(said, 2),
    "make room first; OpenSearch lifts read_only_allow_delete by itself then, others were set by hand: PUT /<index>/_settings",
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

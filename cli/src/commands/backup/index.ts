import { join, resolve } from "node:path";
import { PolytapeError } from "@polytape/market-model";
import type { StoreBackups } from "@polytape/market-store";
import { z } from "zod";
import { type Command, defineCommand } from "../../command.ts";
import { count } from "../../options.ts";
import {
  type BackupFile,
  backupName,
  completeBackups,
  dropBackupFile,
  readBackupFile,
  writeBackupFile,
} from "./backup-file.ts";
import { hasKeys, readBuckets, writeBuckets } from "./bucket-contents.ts";
import { supersededBackups } from "./superseded-backups.ts";

/** Ten years of daily ones. */
const KEPT_MAX = 3_650;

const folderOption = z.string().min(1, "must name a folder");
const storeFolder = folderOption.optional().meta({
  description: "the folder's part `store` as OpenSearch sees it, where it runs in a container or elsewhere",
});

const backup = defineCommand({
  name: "backup",
  operands: [],
  summary: "saves the store, the keys and their use in a folder below OpenSearch's path.repo",
  options: z.strictObject({
    to: folderOption.meta({ description: "the folder; later backups in it share what did not change" }),
    "store-folder": storeFolder,
    keep: count("then deletes older backups of this store, all but so many, this one included", {
      min: 1,
      max: KEPT_MAX,
    }).optional(),
  }),
  async run({ options }, tools) {
    const folder = resolve(options.to);
    const storeFolder = options["store-folder"] ?? join(folder, "store");
    const store = await tools.store();
    const bus = await tools.bus();
    const name = backupName(tools.now());
    const { schemaVersion } = await store.inspect();
    tools.tell(`Saving the store as ${name}.`);
    const indices = await store.backups.take(storeFolder, name);
    const file: BackupFile = {
      format: 1,
      name,
      takenAt: new Date(tools.now()).toISOString(),
      indexPrefix: tools.surroundings().indexPrefix,
      schemaVersion,
      indices: indices.map(({ name, documents }) => ({ name, documents })),
      buckets: await readBuckets(bus),
    };
    const path = writeBackupFile(folder, file);
    const keys = Object.keys(file.buckets["api_keys"] ?? {}).length;
    tools.print(
      `${contentsText(file)} and ${keys} keys are in ${path} and beside it. Keep a copy elsewhere.`,
    );
    if (options.keep === undefined) return;
    const folders = { folder, storeFolder };
    const superseded = await dropSuperseded(store.backups, folders, { made: name, keep: options.keep });
    if (superseded.length > 0)
      tools.print(`${superseded.length} older are deleted, up to ${superseded.at(-1)}.`);
  },
});

/** After the new one is whole. A file goes before its snapshot: where the file is, the backup is whole. */
async function dropSuperseded(
  backups: StoreBackups,
  { folder, storeFolder }: { folder: string; storeFolder: string },
  kept: { made: string; keep: number },
): Promise<string[]> {
  const contents = { snapshots: await backups.list(storeFolder), complete: completeBackups(folder) };
  const superseded = supersededBackups(contents, kept);
  for (const name of superseded) dropBackupFile(folder, name);
  if (superseded.length > 0) await backups.drop(storeFolder, superseded);
  return superseded;
}

const restore = defineCommand({
  name: "restore",
  operands: [],
  summary: "brings back what `backup` saved; refuses a store or keys that are there already",
  options: z.strictObject({
    from: folderOption.meta({ description: "the folder of the backup" }),
    name: z.string().optional().meta({ description: "which backup of the folder; default the newest" }),
    "store-folder": storeFolder,
    overwrite: z
      .literal(true)
      .optional()
      .meta({ description: "deletes what the store holds now; keys that are there stay as they are" }),
  }),
  async run({ options }, tools) {
    const folder = resolve(options.from);
    const file = readBackupFile(folder, options.name);
    const store = await tools.store();
    const bus = await tools.bus();
    const { schemaNeeded } = await store.inspect();
    requireFitting(file, { prefix: tools.surroundings().indexPrefix, schemaNeeded });
    if (!options.overwrite) requireEmpty(await store.backups.indicesWithData(), await hasKeys(bus));
    tools.tell(`Bringing back ${file.name}, taken ${file.takenAt}.`);
    const indices = await store.backups.restore(options["store-folder"] ?? join(folder, "store"), file.name);
    const entries = await writeBuckets(bus, file.buckets);
    requireWhole(file, indices);
    tools.print(`${contentsText(file)} and ${entries} entries of keys and their use are back.`);
    if (file.schemaVersion < schemaNeeded)
      tools.print("It was taken by an older version: now run node opensearch/dist/apply.cjs.");
  },
});

export const backupCommands: readonly Command[] = [backup, restore];

function requireFitting(
  file: BackupFile,
  { prefix, schemaNeeded }: { prefix: string; schemaNeeded: number },
): void {
  if (file.schemaVersion > schemaNeeded)
    throw refused(
      "store_newer",
      "The backup was taken by a later version; this one would not understand it.",
    );
  if (file.indexPrefix !== prefix)
    throw refused(
      "backup_of_other_copy",
      `The backup is of a store with the OPENSEARCH_INDEX_PREFIX "${file.indexPrefix}", this one has "${prefix}".`,
    );
}

function requireEmpty(indices: readonly string[], keys: boolean): void {
  const there = [
    ...(indices.length > 0
      ? [`the store has data (${indices.slice(0, 3).join(", ")}, ${indices.length} in all)`]
      : []),
    ...(keys ? ["there are keys"] : []),
  ];
  if (there.length > 0)
    throw refused(
      "store_not_empty",
      `Nothing was changed: ${there.join(" and ")}. --overwrite puts the backup in its place.`,
    );
}

function requireWhole(file: BackupFile, restored: readonly { name: string; documents: number }[]): void {
  const there = new Map(restored.map(({ name, documents }) => [name, documents]));
  const short = file.indices.filter(({ name, documents }) => (there.get(name) ?? -1) < documents);
  if (short.length === 0) return;
  const [first] = short;
  throw new PolytapeError(
    "operating",
    "restore_incomplete",
    `${short.length} indices hold less than the backup says, ${first?.name} among them.`,
  );
}

function contentsText({ indices }: BackupFile): string {
  const documents = indices.reduce((sum, index) => sum + index.documents, 0);
  return `${documents} documents in ${indices.length} indices`;
}

function refused(code: string, message: string): PolytapeError {
  return new PolytapeError("input", code, message);
}

import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { hasCode, PolytapeError } from "@polytape/market-model";
import {
  connectStore,
  type IndexNames,
  indexNames,
  noteSchemaVersion,
  readAnswer,
  readSchemaVersion,
  SCHEMA_VERSION,
  type StoreConnection,
  type StoreSettings,
} from "@polytape/market-store";
import { z } from "zod";
import { MIGRATIONS } from "./migrations.ts";
import { applyPolicy, followsPolicies, POLICIES, rolloverAliasOf } from "./policies.ts";
import { templateChanges } from "./template-changes.ts";
import { INDICES, placeTemplate, TEMPLATES } from "./templates.ts";

export interface SchemaSettings extends StoreSettings {
  /** Primary shards of indices made from now on. Default 1. */
  readonly shards?: number | undefined;
  /** Copies beside the primary. Default 0: one server has nowhere to put them. */
  readonly replicas?: number | undefined;
  /** How long to wait for the server to answer. Default 60,000. */
  readonly waitMs?: number | undefined;
  /** Only say what would be done. */
  readonly dryRun?: boolean | undefined;
}

export interface SchemaChange {
  readonly what: "template" | "index" | "migration" | "policy";
  readonly name: string;
  readonly change: "created" | "updated" | "unchanged";
  /** Of a template that is updated: each setting and field, in a few words. */
  readonly differs?: readonly string[];
}

interface Parts {
  readonly store: StoreConnection;
  readonly settings: SchemaSettings;
  /** The server follows policies. */
  readonly hasPolicies: boolean;
}

const WAIT_MS = 60_000;
const ASK_AGAIN_MS = 500;

/**
 * Makes a server hold the templates and indices that the store needs, and brings an older store to this
 * version by numbered migrations. May be run again at any moment: it creates and updates, and never
 * deletes. Throws `store_newer` (kind input) for a store of a later version, `store_unavailable` when the
 * server does not answer in time.
 */
export async function applyStoreSchema(settings: SchemaSettings): Promise<SchemaChange[]> {
  const store = connectStore(settings);
  try {
    await waitForServer(store, settings.waitMs ?? WAIT_MS);
    const names = indexNames(settings.indexPrefix);
    const version = await requireNoNewer(store, names);
    const parts: Parts = { store, settings, hasPolicies: await followsPolicies(store) };
    const changes: SchemaChange[] = [];
    for (const name of Object.keys(TEMPLATES)) changes.push(await applyTemplate(parts, name));
    for (const index of INDICES) changes.push(await applyIndex(parts, index));
    for (const migration of MIGRATIONS) {
      const isNew = migration.number > version;
      if (isNew && !settings.dryRun) {
        await migration.run(store, names);
        await noteSchemaVersion(store, names, migration.number);
      }
      const name = `${migration.number} ${migration.name}`;
      changes.push({ what: "migration", name, change: isNew ? "created" : "unchanged" });
    }
    changes.push(...(await applyPolicies(parts)));
    // A later version that was applied meanwhile may have got templates of this one.
    await requireNoNewer(store, names);
    return changes;
  } finally {
    await store.close();
  }
}

/** Yellow is enough: the primaries are there; without a second server there is nowhere for replicas. */
async function waitForServer(store: StoreConnection, waitMs: number): Promise<void> {
  const untilMs = Date.now() + waitMs;
  for (;;) {
    try {
      await store.request({
        method: "GET",
        path: "/_cluster/health",
        query: { wait_for_status: "yellow", timeout: "1s", filter_path: "status" },
      });
      return;
    } catch (error) {
      const isStarting = hasCode(error, "store_unavailable") || hasCode(error, "store_refused");
      const status = hasCode(error, "store_refused") ? error.facts["status"] : null;
      if (!isStarting || status === 403 || Date.now() >= untilMs) throw error;
      await delay(ASK_AGAIN_MS);
    }
  }
}

const templateAnswer = z.object({
  index_templates: z.array(
    z.object({
      index_template: z.looseObject({ _meta: z.object({ hash: z.string().optional() }).optional() }),
    }),
  ),
});

/** Last, because a policy is followed by indices that are there. */
async function applyPolicies({ store, settings, hasPolicies }: Parts): Promise<SchemaChange[]> {
  if (!hasPolicies) return [];
  const { indexPrefix: prefix = "", dryRun = false } = settings;
  const changes: SchemaChange[] = [];
  for (const name of Object.keys(POLICIES)) {
    const change = await applyPolicy(store, { name, prefix, dryRun });
    changes.push({ what: "policy", name: `${prefix}${name}`, change });
  }
  return changes;
}

/** Compared by a hash kept in the template: the server gives it back in another shape than it was sent. */
async function applyTemplate({ store, settings, hasPolicies }: Parts, name: string): Promise<SchemaChange> {
  const template = TEMPLATES[name];
  if (!template) throw new PolytapeError("bug", "unknown_template", `There is no template ${name}.`);
  const { indexPrefix: prefix = "", shards = 1, replicas = 0 } = settings;
  const more = hasPolicies ? rolloverAliasOf(name, prefix) : {};
  const placed = placeTemplate(template, { prefix, shards, replicas, settings: more });
  const hash = createHash("sha256").update(JSON.stringify(placed)).digest("base64url");
  const path = `/_index_template/${prefix}${name}`;
  const answer = await store.request({ method: "GET", path, accept: [404] });
  const [there] =
    answer.status === 404 ? [] : readAnswer(templateAnswer, answer.body, "a template").index_templates;
  const change = { what: "template", name: `${prefix}${name}` } as const;
  if (there?.index_template._meta?.hash === hash) return { ...change, change: "unchanged" };
  if (!settings.dryRun)
    await store.request({ method: "PUT", path, body: { ...placed, _meta: { ...placed._meta, hash } } });
  if (!there) return { ...change, change: "created" };
  return { ...change, change: "updated", differs: templateChanges(there.index_template, { ...placed }) };
}

async function applyIndex(
  { store, settings }: Parts,
  index: (typeof INDICES)[number],
): Promise<SchemaChange> {
  const { indexPrefix: prefix = "", dryRun = false } = settings;
  const name = `${prefix}${index.name}`;
  const alias = index.writeAlias === undefined ? null : `${prefix}${index.writeAlias}`;
  // A series that has rolled over no longer needs its first index: its alias says that it is there.
  const { status } = await store.request({ method: "HEAD", path: `/${alias ?? name}`, accept: [404] });
  if (status !== 404) return { what: "index", name: alias ?? name, change: "unchanged" };
  if (!dryRun) await createIndex(store, name, alias);
  return { what: "index", name, change: "created" };
}

async function createIndex(store: StoreConnection, name: string, writeAlias: string | null): Promise<void> {
  const aliases = writeAlias === null ? {} : { [writeAlias]: { is_write_index: true } };
  const { status, body } = await store.request({
    method: "PUT",
    path: `/${name}`,
    body: { aliases },
    accept: [400],
  });
  if (status !== 400) return;
  const { error } = readAnswer(refusal, body, "a refusal");
  // Another run of this command was faster.
  if (error.type === "resource_already_exists_exception") return;
  throw new PolytapeError("operating", "store_refused", `The store refused the index ${name}.`, {
    facts: error,
  });
}

const refusal = z.object({ error: z.object({ type: z.string(), reason: z.string() }) });

async function requireNoNewer(store: StoreConnection, names: IndexNames): Promise<number> {
  const version = await readSchemaVersion(store, names);
  if (version <= SCHEMA_VERSION) return version;
  throw new PolytapeError(
    "input",
    "store_newer",
    "The store was set up by a later version; this one would not understand it.",
    { facts: { version, known: SCHEMA_VERSION } },
  );
}

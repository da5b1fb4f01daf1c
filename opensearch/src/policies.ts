import { createHash } from "node:crypto";
import { PolytapeError } from "@polytape/market-model";
import { readAnswer, type StoreConnection, writtenIndex } from "@polytape/market-store";
import { z } from "zod";
import booksRollover from "../policies/books_rollover.json" with { type: "json" };

/** A policy of Index State Management as its file states it, and the alias that it rolls over. */
export interface LifecyclePolicy {
  readonly alias: string;
  readonly policy: {
    readonly description: string;
    readonly default_state: string;
    readonly states: readonly { readonly name: string; readonly actions: readonly object[] }[];
    readonly ism_template: readonly {
      readonly index_patterns: readonly string[];
      readonly priority: number;
    }[];
  };
}

/** All policies by name. */
export const POLICIES: Readonly<Record<string, LifecyclePolicy>> = { books_rollover: booksRollover };

const PLUGIN = "opensearch-index-management";
/** Of an index: which alias its policy rolls over. */
const ROLLOVER_ALIAS = "index.plugins.index_state_management.rollover_alias";

/** Whoever applies at the same time writes the same policy. */
const TRIES_MAX = 5;

const pluginList = z.array(z.object({ component: z.string() }));
const described = z.object({ description: z.string().nullish() });
const storedPolicy = z.object({ _seq_no: z.number(), _primary_term: z.number(), policy: described });
const POLICY_ID = "index.plugins.index_state_management.policy_id";
const managedIndex = z.object({ [POLICY_ID]: z.string().nullish(), policy: described.nullish() });
const handled = z.object({
  failed_indices: z.array(z.object({ index_name: z.string(), reason: z.string() })).default([]),
});

/** Whether the server can follow policies; the plain one cannot, the official distribution can. */
export async function followsPolicies(store: StoreConnection): Promise<boolean> {
  const { body } = await store.request({
    method: "GET",
    path: "/_cat/plugins",
    query: { format: "json", h: "component" },
  });
  return readAnswer(pluginList, body, "the plugins").some(({ component }) => component === PLUGIN);
}

interface PolicyPlace {
  readonly name: string;
  readonly prefix: string;
  readonly dryRun: boolean;
}

type Change = "created" | "updated" | "unchanged";

/**
 * Puts the policy on the server and has the index that is written to follow it as it is now; those rolled later follow
 * by its pattern. Each is looked at by itself, because a run may be cut off between the two.
 */
export async function applyPolicy(
  store: StoreConnection,
  { name, prefix, dryRun }: PolicyPlace,
): Promise<Change> {
  const policy = POLICIES[name];
  if (policy === undefined) return "unchanged";
  const [id, alias] = [`${prefix}${name}`, `${prefix}${policy.alias}`];
  const placed = placePolicy(policy, prefix);
  const change = await putPolicy(store, { id, placed, dryRun });
  if (change === "created" && dryRun) return change;
  const isBehind = await haveFollowed(store, { id, alias, description: placed.description, dryRun });
  return isBehind && change === "unchanged" ? "updated" : change;
}

/** Compared by a hash at the end of the description, the only text that the server gives back as it was. */
async function putPolicy(
  store: StoreConnection,
  { id, placed, dryRun }: { id: string; placed: LifecyclePolicy["policy"]; dryRun: boolean },
): Promise<Change> {
  const path = `/_plugins/_ism/policies/${id}`;
  for (let tried = 1; tried <= TRIES_MAX; tried += 1) {
    const { status, body } = await store.request({ method: "GET", path, accept: [404] });
    const there = status === 404 ? null : readAnswer(storedPolicy, body, "a policy");
    if (there?.policy.description === placed.description) return "unchanged";
    const query = there ? { if_seq_no: there._seq_no, if_primary_term: there._primary_term } : {};
    const change = there ? "updated" : "created";
    if (dryRun) return change;
    const answer = await store.request({
      method: "PUT",
      path,
      query,
      body: { policy: placed },
      accept: [409],
    });
    if (answer.status !== 409) return change;
  }
  throw notFollowed(id, "it is being changed again and again");
}

/** Whether the index that is written to was behind: without the policy, or with it as it was before. */
async function haveFollowed(
  store: StoreConnection,
  policy: { id: string; alias: string; description: string; dryRun: boolean },
): Promise<boolean> {
  const index = await writtenIndex(store, policy.alias);
  if (index === null) return false;
  const { body } = await store.request({
    method: "GET",
    path: `/_plugins/_ism/explain/${index}`,
    query: { show_policy: true },
  });
  const managed = readAnswer(z.looseObject({ [index]: managedIndex }), body, "a managed index")[index];
  const followed = managed?.[POLICY_ID] ?? null;
  // Somebody has given it another one: theirs to know.
  if (followed !== null && followed !== policy.id) return false;
  const version = managed?.policy?.description;
  if (followed !== null && (version == null || version === policy.description)) return false;
  if (!policy.dryRun)
    await follow(store, { ...policy, index, verb: followed === null ? "add" : "change_policy" });
  return true;
}

async function follow(
  store: StoreConnection,
  { id, alias, index, verb }: { id: string; alias: string; index: string; verb: "add" | "change_policy" },
): Promise<void> {
  // One that was made before its template said so is not told by it.
  await store.request({ method: "PUT", path: `/${index}/_settings`, body: { [ROLLOVER_ALIAS]: alias } });
  const path = `/_plugins/_ism/${verb}/${index}`;
  const { body } = await store.request({ method: "POST", path, body: { policy_id: id } });
  const [failed] = readAnswer(handled, body, "what became of an index").failed_indices;
  // Another run of this command was faster.
  if (failed && !failed.reason.includes("already has a policy")) throw notFollowed(id, failed.reason);
}

function notFollowed(id: string, reason: string): PolytapeError {
  return new PolytapeError("operating", "store_refused", `The store refused the policy ${id}: ${reason}.`, {
    facts: { policy: id, reason },
  });
}

/** The policy as it goes to the server. */
export function placePolicy({ policy }: LifecyclePolicy, prefix: string): LifecyclePolicy["policy"] {
  const hash = createHash("sha256")
    .update(JSON.stringify([policy, prefix]))
    .digest("base64url")
    .slice(0, 16);
  return {
    ...policy,
    description: `${policy.description} (${hash})`,
    ism_template: policy.ism_template.map((each) => ({
      ...each,
      index_patterns: each.index_patterns.map((pattern) => `${prefix}${pattern}`),
    })),
  };
}

/** What templates must say where policies are followed: a rolled index is told its alias when it is made. */
export function rolloverAliasOf(template: string, prefix: string): Readonly<Record<string, string>> {
  const policy = Object.values(POLICIES).find(({ alias }) => alias === template);
  return policy ? { [ROLLOVER_ALIAS.slice("index.".length)]: `${prefix}${policy.alias}` } : {};
}

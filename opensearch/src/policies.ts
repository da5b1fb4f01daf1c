import { createHash } from "node:crypto";
import { readAnswer, type StoreConnection } from "@polytape/market-store";
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

const pluginList = z.array(z.object({ component: z.string() }));
const storedPolicy = z.object({
  _seq_no: z.number(),
  _primary_term: z.number(),
  policy: z.object({ description: z.string().nullish() }),
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

/**
 * Puts the policy on the server and has the index that is written to follow it; those rolled later follow by its
 * pattern. Compared by a hash at the end of the description, the only text that the server gives back as it was.
 */
export async function applyPolicy(
  store: StoreConnection,
  { name, prefix, dryRun }: { name: string; prefix: string; dryRun: boolean },
): Promise<"created" | "updated" | "unchanged"> {
  const policy = POLICIES[name];
  if (policy === undefined) return "unchanged";
  const [id, alias] = [`${prefix}${name}`, `${prefix}${policy.alias}`];
  const path = `/_plugins/_ism/policies/${id}`;
  const placed = placePolicy(policy, prefix);
  const { status, body } = await store.request({ method: "GET", path, accept: [404] });
  const there = status === 404 ? null : readAnswer(storedPolicy, body, "a policy");
  if (there?.policy.description === placed.description) return "unchanged";
  if (!dryRun) {
    const query = there ? { if_seq_no: there._seq_no, if_primary_term: there._primary_term } : {};
    await store.request({ method: "PUT", path, query, body: { policy: placed } });
    await store.request({
      method: "PUT",
      path: `/${alias}/_settings`,
      body: { [ROLLOVER_ALIAS]: alias },
    });
    // What follows it already is answered as a failure of that index, and stays as it is.
    await store.request({ method: "POST", path: `/_plugins/_ism/add/${alias}`, body: { policy_id: id } });
  }
  return there ? "updated" : "created";
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

import { connectStore, type StoreConnection } from "@polytape/market-store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type IndexManagement, startIndexManagement } from "./index-management-stand-in.ts";
import { applyPolicy, followsPolicies, POLICIES, placePolicy } from "./policies.ts";
import { TEMPLATES } from "./templates.ts";

const ALIAS = "copy-orderbook_snapshots_v1";
const WRITTEN = `${ALIAS}-000001`;
const ID = "copy-books_rollover";
const [policy] = Object.values(POLICIES);
const placed = policy && placePolicy(policy, "copy-");

test("one policy is shipped, and its file states one", () => {
  expect(Object.keys(POLICIES)).toEqual(["books_rollover"]);
  expect(placed?.states.length).toBe(1);
});

test("a policy speaks of exactly the indices of its alias's template", () => {
  const patterns = TEMPLATES[policy?.alias ?? ""]?.index_patterns.map((pattern) => `copy-${pattern}`);

  expect(patterns).toEqual([`${ALIAS}-*`]);
  expect(placed?.ism_template.flatMap(({ index_patterns }) => index_patterns)).toEqual(patterns);
});

describe("on a server that follows policies", () => {
  let plugin: IndexManagement;
  let store: StoreConnection;

  beforeEach(async () => {
    plugin = await startIndexManagement(ALIAS);
    store = connectStore({ urls: [plugin.url], timeoutMs: 5_000 });
  });

  afterEach(async () => {
    await store.close();
    await plugin.close();
  });

  const apply = ({ dryRun = false } = {}) =>
    applyPolicy(store, { name: "books_rollover", prefix: "copy-", dryRun });
  const newest = { policyId: ID, description: placed?.description };
  /** An older version of the policy, followed by the index that is written to. */
  function hadAnOlderOne() {
    plugin.policies.set(ID, { seqNo: 7, description: "an older one" });
    plugin.managed.set(WRITTEN, { policyId: ID, description: "an older one" });
  }

  test("it is put once, the index written to is told its alias and follows it", async () => {
    expect(await followsPolicies(store)).toBe(true);
    expect(await apply()).toBe("created");

    expect(plugin.managed).toEqual(new Map([[WRITTEN, newest]]));
    expect(plugin.rolloverAlias).toEqual(new Map([[WRITTEN, ALIAS]]));
    expect(await apply()).toBe("unchanged");
  });

  test("a newer one replaces it, and the index that follows the older one takes it over", async () => {
    hadAnOlderOne();

    expect(await apply()).toBe("updated");

    expect(plugin.policies.get(ID)).toEqual({ seqNo: 8, description: placed?.description });
    expect(plugin.managed.get(WRITTEN)).toEqual(newest);
    expect(await apply()).toBe("unchanged");
  });

  // Otherwise the index would never be rolled by the policy, or by the older one for ever.
  test.each([
    ["before the index knew its alias", `/${WRITTEN}/_settings`, () => {}],
    ["before the index followed it", "/_plugins/_ism/add", () => {}],
    ["before the index took over the newer one", "/_plugins/_ism/change_policy", hadAnOlderOne],
  ])("a run that was cut off %s is made good by the next", async (_, failAt, prepare) => {
    prepare();
    plugin.failAt = failAt;
    await expect(apply()).rejects.toMatchObject({ code: "store_refused" });
    plugin.failAt = null;

    expect(await apply({ dryRun: true })).toBe("updated");
    expect(await apply()).toBe("updated");

    expect(plugin.managed.get(WRITTEN)).toEqual(newest);
    expect(plugin.rolloverAlias.get(WRITTEN)).toBe(ALIAS);
    expect(await apply()).toBe("unchanged");
  });

  test("a dry run says the same and changes nothing", async () => {
    expect(await apply({ dryRun: true })).toBe("created");
    expect([plugin.policies.size, plugin.managed.size]).toEqual([0, 0]);

    hadAnOlderOne();
    expect(await apply({ dryRun: true })).toBe("updated");
    expect(plugin.policies.get(ID)?.seqNo).toBe(7);
  });

  // The plugin would try to roll what has been rolled, and call that a failure.
  test("an index that was rolled before is not made to follow it", async () => {
    plugin.indices = [WRITTEN, `${ALIAS}-000002`];

    await apply();

    expect([...plugin.managed.keys()]).toEqual([`${ALIAS}-000002`]);
  });

  test("an index that somebody has given another policy keeps it", async () => {
    const theirs = { policyId: "theirs", description: "ours no longer" };
    plugin.managed.set(WRITTEN, theirs);

    expect(await apply()).toBe("created");

    expect(plugin.managed.get(WRITTEN)).toEqual(theirs);
    expect(await apply()).toBe("unchanged");
  });

  test("two runs at once both succeed", async () => {
    await Promise.all([apply(), apply()]);

    expect(plugin.managed.get(WRITTEN)).toEqual(newest);
    expect(await apply()).toBe("unchanged");
  });
});

import { once } from "node:events";
import { createServer } from "node:http";
import { BOOKS_ROLLOVER, connectStore } from "@polytape/market-store";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { applyPolicy, followsPolicies, POLICIES, placePolicy } from "./policies.ts";
import { TEMPLATES } from "./templates.ts";

const rollover = z.strictObject({
  rollover: z.strictObject({ min_primary_shard_size: z.string(), min_index_age: z.string() }),
});

// Whoever of the two comes second then finds a young index, and they never fight.
test("policies roll over by the same conditions as enforce-retention, and do nothing else", () => {
  for (const { policy } of Object.values(POLICIES)) {
    const actions = policy.states.flatMap((state) => state.actions);
    const asked = actions.map((action) => rollover.parse(action).rollover);

    expect(asked).toEqual([
      {
        min_primary_shard_size: `${BOOKS_ROLLOVER.primaryShardBytesMax / 1024 ** 3}gb`,
        min_index_age: `${BOOKS_ROLLOVER.ageMsMax / 86_400_000}d`,
      },
    ]);
  }
});

test("a policy speaks of exactly the indices of its alias's template", () => {
  for (const policy of Object.values(POLICIES)) {
    const placed = placePolicy(policy, "copy-");
    const patterns = TEMPLATES[policy.alias]?.index_patterns.map((pattern) => `copy-${pattern}`);

    expect(placed.ism_template.flatMap(({ index_patterns }) => index_patterns)).toEqual(patterns);
  }
});

/** Answers as the plugin does, as far as this program asks. */
function aServerWithThePlugin() {
  const asked: { method: string; url: string; body: unknown }[] = [];
  let policy: unknown = null;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString("utf8");
    const body: unknown = text === "" ? null : JSON.parse(text);
    const [method, url] = [request.method ?? "", request.url ?? ""];
    if (method !== "GET") asked.push({ method, url, body });
    if (method === "PUT" && url.startsWith("/_plugins/_ism/policies/"))
      policy = z.object({ policy: z.unknown() }).parse(body).policy;
    const isRead = method === "GET" && url.startsWith("/_plugins/");
    response.statusCode = isRead && policy === null ? 404 : 200;
    response.setHeader("content-type", "application/json");
    const plugins = [{ component: "opensearch-index-management" }, { component: "opensearch-security" }];
    response.end(
      JSON.stringify(
        url.startsWith("/_cat/plugins") ? plugins : { _seq_no: 7, _primary_term: 1, policy: policy ?? {} },
      ),
    );
  });
  return { server, asked };
}

let stub: ReturnType<typeof aServerWithThePlugin>;
let store: ReturnType<typeof connectStore>;

beforeEach(async () => {
  stub = aServerWithThePlugin();
  stub.server.listen(0, "127.0.0.1");
  await once(stub.server, "listening");
  const address = stub.server.address();
  const port = typeof address === "object" ? address?.port : 0;
  store = connectStore({ urls: [`http://127.0.0.1:${port}`], timeoutMs: 5_000 });
});

afterEach(async () => {
  await store.close();
  stub.server.close();
});

test("is put once, its index is told its alias and follows it, and a second run changes nothing", async () => {
  const [name, prefix] = ["books_rollover", "copy-"];

  expect(await followsPolicies(store)).toBe(true);
  expect(await applyPolicy(store, { name, prefix, dryRun: true })).toBe("created");
  expect(stub.asked).toEqual([]);
  expect(await applyPolicy(store, { name, prefix, dryRun: false })).toBe("created");
  expect(await applyPolicy(store, { name, prefix, dryRun: false })).toBe("unchanged");

  const alias = "copy-orderbook_snapshots_v1";
  expect(stub.asked).toMatchObject([
    { method: "PUT", url: "/_plugins/_ism/policies/copy-books_rollover" },
    {
      method: "PUT",
      url: `/${alias}/_settings`,
      body: { "index.plugins.index_state_management.rollover_alias": alias },
    },
    { method: "POST", url: `/_plugins/_ism/add/${alias}`, body: { policy_id: "copy-books_rollover" } },
  ]);
});

test("an older policy is replaced over the version that was read", async () => {
  const [name, prefix] = ["books_rollover", ""];
  await store.request({
    method: "PUT",
    path: `/_plugins/_ism/policies/${name}`,
    body: { policy: { description: "an older one" } },
  });

  expect(await applyPolicy(store, { name, prefix, dryRun: false })).toBe("updated");
  expect(stub.asked[1]?.url).toBe(`/_plugins/_ism/policies/${name}?if_seq_no=7&if_primary_term=1`);
});

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { z } from "zod";

/**
 * A server with the plugin for Index State Management, as far as its documented endpoints are asked here: the plugin
 * itself comes with the official distribution only. https://docs.opensearch.org/latest/im-plugin/ism/api/
 */
export interface IndexManagement {
  readonly url: string;
  /** By index: the policy that it follows, and the version of it that it has taken over. */
  readonly managed: Map<string, { policyId: string; description: string }>;
  readonly policies: Map<string, { seqNo: number; description: string }>;
  readonly rolloverAlias: Map<string, string>;
  /** Behind the alias: rolled ones, and last the one written to. */
  indices: readonly string[];
  /** The next requests to addresses that begin so fail, before they have any effect. */
  failAt: string | null;
  close(): Promise<void>;
}

interface Asked {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

const policyBody = z.object({ policy: z.looseObject({ description: z.string() }) });
const policyChoice = z.object({ policy_id: z.string() });
const PLUGINS = [{ component: "opensearch-index-management" }, { component: "opensearch-security" }];
const POLICY_ID = "index.plugins.index_state_management.policy_id";
const ROLLOVER_ALIAS = "index.plugins.index_state_management.rollover_alias";

export async function startIndexManagement(alias: string): Promise<IndexManagement> {
  const server = createServer(async (request, response) => {
    const asked = await read(request);
    const address = `/${asked.path.join("/")}`;
    const fails = state.failAt !== null && address.startsWith(state.failAt);
    const [status, body] = fails ? [500, { error: "cut off" }] : answer(asked);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  const state: IndexManagement = {
    url: `http://127.0.0.1:${typeof at === "object" ? at?.port : 0}`,
    managed: new Map(),
    policies: new Map(),
    rolloverAlias: new Map(),
    indices: [`${alias}-000001`],
    failAt: null,
    async close() {
      server.close();
      await once(server, "close");
    },
  };

  function answer({ method, path, query, body }: Asked): [status: number, body: unknown] {
    const [first, second, what, id = ""] = path;
    if (first === "_cat") return [200, PLUGINS];
    if (first === "_alias") return [200, behindAlias()];
    if (second === "_settings") {
      state.rolloverAlias.set(
        first ?? "",
        z.object({ [ROLLOVER_ALIAS]: z.string() }).parse(body)[ROLLOVER_ALIAS],
      );
      return [200, { acknowledged: true }];
    }
    if (what === "explain") return [200, { [id]: explained(id), total_managed_indices: state.managed.size }];
    if (what === "policies") return method === "GET" ? readPolicy(id) : putPolicy(id, query, body);
    const choice = policyChoice.parse(body).policy_id;
    const isManaged = state.managed.has(id);
    const reason = "This index already has a policy, use the update policy API to update index policies";
    if (what === "add" && isManaged) return handled([{ index_name: id, index_uuid: "u", reason }]);
    if (what === "change_policy" && !isManaged)
      return handled([{ index_name: id, index_uuid: "u", reason: "This index is not being managed" }]);
    state.managed.set(id, { policyId: choice, description: state.policies.get(choice)?.description ?? "" });
    return handled([]);
  }

  function behindAlias() {
    return Object.fromEntries(
      state.indices.map((index) => [
        index,
        { aliases: { [alias]: { is_write_index: index === state.indices.at(-1) } } },
      ]),
    );
  }

  function explained(index: string) {
    const { policyId, description } = state.managed.get(index) ?? {};
    if (policyId === undefined) return { [POLICY_ID]: null, enabled: null };
    return { [POLICY_ID]: policyId, index, policy_id: policyId, enabled: true, policy: { description } };
  }

  function readPolicy(id: string): [number, unknown] {
    const there = state.policies.get(id);
    if (!there) return [404, { error: "Policy not found" }];
    const { seqNo, description } = there;
    return [200, { _id: id, _seq_no: seqNo, _primary_term: 1, policy: { policy_id: id, description } }];
  }

  function putPolicy(id: string, query: URLSearchParams, body: unknown): [number, unknown] {
    const given = query.has("if_seq_no") ? Number(query.get("if_seq_no")) : undefined;
    if (state.policies.get(id)?.seqNo !== given) return [409, { error: "version conflict" }];
    const { description } = policyBody.parse(body).policy;
    state.policies.set(id, { seqNo: (given ?? 6) + 1, description });
    return [given === undefined ? 201 : 200, { _id: id }];
  }

  return state;
}

/** A refusal of one index is no refusal of the request. */
function handled(failed: readonly object[]): [number, unknown] {
  const updated = failed.length === 0 ? 1 : 0;
  return [200, { updated_indices: updated, failures: failed.length > 0, failed_indices: failed }];
}

async function read(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString("utf8");
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
  return {
    method: request.method ?? "GET",
    path: pathname.split("/").slice(1),
    query: searchParams,
    body: text === "" ? null : JSON.parse(text),
  };
}

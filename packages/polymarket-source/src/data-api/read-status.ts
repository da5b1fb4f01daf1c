import { malformed, readAs } from "../http/read-as.ts";
import type { Upstream } from "../http/upstream.ts";
import type { UpstreamStatus } from "../polymarket-source.ts";
import { polymarketStatus } from "../wire/index.ts";

const PATH = "v2/status";

/** The worst lag of the serving side, as the upstream last computed it. */
export async function readStatus(upstream: Upstream, dataUrl: string): Promise<UpstreamStatus> {
  const answer = await upstream.read({ endpoint: "status", baseUrl: dataUrl, path: PATH });
  const { data } = readAs(polymarketStatus, answer.json, PATH);
  const computedAtMs = Date.parse(data.computed_at);
  if (Number.isNaN(computedAtMs)) throw malformed(PATH, "data.computed_at: not a time");
  return { lagSeconds: data.serving.lag_seconds, computedAtMs };
}

import { SECOND_MS } from "@polytape/market-model";
import { malformed, readAs } from "../http/read-as.ts";
import type { Upstream } from "../http/upstream.ts";
import type { UpstreamStatus } from "../polymarket-source.ts";
import { polymarketStatus } from "../wire/index.ts";
import { TRADES_V2 } from "./read-trade-page.ts";
import { readNewestRowAgeV1 } from "./read-trade-page-v1.ts";
import { type AbsentRoutes, isRouteAbsent } from "./route-absent.ts";

const PATH = "v2/status";

/**
 * The worst lag of the serving side, as the upstream last computed it, and the time since. Without v2: the age of the newest trade
 * that v1 shows, an upper bound of its lag, because nobody may have traded since.
 */
export async function readStatus(
  upstream: Upstream,
  dataUrl: string,
  absent: AbsentRoutes,
): Promise<UpstreamStatus> {
  const nowMs = upstream.now();
  if (absent.has(TRADES_V2, nowMs) || absent.has(PATH, nowMs)) return statusOfV1(upstream, dataUrl);
  try {
    return await statusOfV2(upstream, dataUrl);
  } catch (error) {
    if (!isRouteAbsent(error)) throw error;
    absent.note(PATH, upstream.now());
    return statusOfV1(upstream, dataUrl);
  }
}

async function statusOfV2(upstream: Upstream, dataUrl: string): Promise<UpstreamStatus> {
  const answer = await upstream.read({ endpoint: "status", baseUrl: dataUrl, path: PATH });
  const { data } = readAs(polymarketStatus, answer.json, PATH);
  const computedAtMs = Date.parse(data.computed_at);
  if (Number.isNaN(computedAtMs)) throw malformed(PATH, "data.computed_at: not a time");
  // A status that is no longer computed tells how it was: what has passed since may all be lag.
  const ageSeconds = Math.max(0, Math.floor((answer.receivedAtMs - computedAtMs) / SECOND_MS));
  return { lagSeconds: data.serving.lag_seconds + ageSeconds, computedAtMs };
}

async function statusOfV1(upstream: Upstream, dataUrl: string): Promise<UpstreamStatus> {
  const { ageSeconds, receivedAtMs } = await readNewestRowAgeV1(upstream, dataUrl);
  if (ageSeconds === null) throw malformed("trades", "no row that tells the lag");
  return { lagSeconds: ageSeconds, computedAtMs: receivedAtMs };
}

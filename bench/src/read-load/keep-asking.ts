import { setTimeout as pause } from "node:timers/promises";
import { percentile } from "../statistics.ts";
import type { LoadOrder, LoadReport, LoadRequest } from "./load-protocol.ts";

/** Sends one request, takes the whole answer, and gives its status; 0 when there was none. */
export type Ask = (request: LoadRequest) => Promise<number>;

/**
 * Lets a number of clients ask until the time is over; each waits for its answer before it asks again. Answers
 * that come later are awaited and counted, or the slowest would be missing among the percentiles.
 */
export async function keepAsking(ask: Ask, order: LoadOrder): Promise<LoadReport> {
  const tookMs: number[] = [];
  const failures: Record<string, number> = {};
  let refused = 0;
  let turn = 0;
  const startedMs = performance.now();
  const client = async (place: number) => {
    // Clients with a pace begin spread over it, as strangers would.
    if (order.everyMs > 0) await pause((order.everyMs * place) / order.clients);
    do {
      const request = order.requests[(order.eachItsOwn ? place : turn++) % order.requests.length];
      if (!request) return;
      const askedMs = performance.now();
      const status = await ask(request);
      const answeredMs = performance.now();
      tookMs.push(answeredMs - askedMs);
      if (status === 429) refused += 1;
      else if (status !== 200) failures[status] = (failures[status] ?? 0) + 1;
      if (order.everyMs > 0) await pause(Math.max(0, askedMs + order.everyMs - answeredMs));
    } while (performance.now() - startedMs < order.forMs);
  };
  await Promise.all(Array.from({ length: order.clients }, (_, place) => client(place)));
  return {
    answers: tookMs.length,
    perSecond: (tookMs.length / (performance.now() - startedMs)) * 1_000,
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    failed: Object.values(failures).reduce((sum, count) => sum + count, 0),
    failures,
    refused,
  };
}

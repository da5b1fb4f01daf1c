import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "./bench-ground.ts";
import { processTimeMs } from "./process-time.ts";

/** What a piece of work took. */
export interface Effort {
  readonly wallMs: number;
  /** Processor time of this process. */
  readonly cpuMs: number;
  /** Processor time of OpenSearch, counted in steps of 10 ms, with whatever else it did meanwhile. */
  readonly serverCpuMs: number;
  /** Requests to OpenSearch, and the bytes of their bodies. */
  readonly requests: number;
  readonly bytesSent: number;
}

/** Every request of this process, as Node itself announces it: nothing stands between client and server. */
const CHANNEL = "http.client.request.start";

/** Runs the work and says what it took. One at a time. */
export async function effortOf<T>(
  { stack }: BenchGround,
  work: () => Promise<T>,
): Promise<{ effort: Effort; result: T }> {
  const { host } = new URL(stack.urls.openSearch);
  const { opensearch: server } = stack.pids();
  if (server === undefined) throw new PolytapeError("operating", "server_away", "OpenSearch does not run.");
  let requests = 0;
  let bytesSent = 0;
  const count = (message: unknown) => {
    // The channel promises this shape.
    const { request } = message as { request: ClientRequest };
    if (request.getHeader("host") !== host) return;
    requests += 1;
    bytesSent += Number(request.getHeader("content-length") ?? 0);
  };
  const serverBefore = processTimeMs(server);
  subscribe(CHANNEL, count);
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  try {
    const result = await work();
    const wallMs = performance.now() - startedMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    const effort = {
      wallMs,
      cpuMs: (user + system) / 1_000,
      serverCpuMs: processTimeMs(server) - serverBefore,
      requests,
      bytesSent,
    };
    return { effort, result };
  } finally {
    unsubscribe(CHANNEL, count);
  }
}

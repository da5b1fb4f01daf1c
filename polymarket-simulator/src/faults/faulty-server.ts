import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { HTML_403 } from "../gamma/routes.ts";
import type { Faults, Hit } from "./faults.ts";
import type { RequestCounts } from "./request-counts.ts";

export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Puts the faults between the socket and the answers. What steers the simulator itself (paths that begin
 * with `/_`) is never hit nor counted.
 */
export function withFaults(handle: Handle, faults: Faults, counts: RequestCounts, now: () => number): Handle {
  return (request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (path.startsWith("/_")) return handle(request, response);
    if (faults.isDown()) {
      counts.add(request.method, path, "dropped", ["restart"]);
      request.socket.destroy();
      return;
    }
    const hits = faults.meet(path);
    const names = hits.map(({ fault }) => fault.name);
    response.once("close", () =>
      counts.add(request.method, path, response.headersSent ? response.statusCode : "dropped", names),
    );
    void answer(handle, request, response, hits, now);
  };
}

async function answer(
  handle: Handle,
  request: IncomingMessage,
  response: ServerResponse,
  hits: readonly Hit[],
  now: () => number,
): Promise<void> {
  for (const { fault, nth } of hits) {
    switch (fault.name) {
      case "slow":
        await wait(fault.delay_ms, undefined, { ref: false });
        break;
      case "restart":
        request.socket.destroy();
        return;
      case "truncated-body":
        cutInHalf(response);
        break;
      case "rate-limited": {
        const after = retryAfter(fault.retry_after_form, fault.retry_after_seconds, nth, now());
        const headers = after === null ? {} : { "retry-after": after };
        return refuse(response, 429, "rate_limited", headers);
      }
      case "server-errors":
        return refuse(response, fault.statuses[nth % fault.statuses.length] ?? 500, "internal", {});
      case "html-403":
        response.writeHead(403, { "content-type": "text/html; charset=UTF-8" }).end(HTML_403);
        return;
      default:
        break;
    }
  }
  if (!response.destroyed) handle(request, response);
}

/** `Retry-After` in seconds or as a date; "both" takes turns. */
function retryAfter(
  form: "seconds" | "date" | "both" | "none",
  seconds: number,
  nth: number,
  nowMs: number,
): string | null {
  if (form === "none") return null;
  const asDate = form === "date" || (form === "both" && nth % 2 === 1);
  return asDate ? new Date(nowMs + seconds * 1_000).toUTCString() : String(seconds);
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string>,
): void {
  const body = { error: `simulated ${status}`, code, retryable: true, trace_id: "simulated" };
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** Sends the announced length, half of the body, and then nothing more. */
function cutInHalf(response: ServerResponse): void {
  const { write, end } = response;
  response.end = ((chunk?: unknown) => {
    const body = typeof chunk === "string" ? Buffer.from(chunk) : chunk instanceof Uint8Array ? chunk : null;
    if (!body || body.length < 2) {
      response.end = end;
      return response.end(body ?? undefined);
    }
    write.call(response, body.subarray(0, Math.floor(body.length / 2)), "utf8", () => response.destroy());
    return response;
  }) as typeof response.end;
}

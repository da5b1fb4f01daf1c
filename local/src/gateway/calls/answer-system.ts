import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RunningFunction } from "../functions/run-function.ts";
import { NAMESPACE } from "./route.ts";

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Answers `/system/*`: what is deployed, to whoever has the gateway's credentials. Deploys nothing. */
export function answerSystem(
  { request, response, path }: { request: IncomingMessage; response: ServerResponse; path: string },
  functions: ReadonlyMap<string, RunningFunction>,
  credentials: Credentials,
): void {
  if (!isAllowed(request.headers.authorization, credentials)) {
    response.writeHead(401, { "WWW-Authenticate": `Basic realm="Restricted"`, "Content-Type": "text/plain" });
    response.end("invalid credentials\n");
    return;
  }
  const read =
    request.method === "GET" || request.method === "HEAD" ? readSystem(path, functions) : undefined;
  if (read === undefined) answerText(response, 501, "Functions come from stack.yml and nowhere else.\n");
  else if (read === null) answerText(response, 404, "");
  else response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(read));
}

/** Null: there is no such function. Undefined: there is no such address. */
function readSystem(path: string, functions: ReadonlyMap<string, RunningFunction>): unknown {
  if (path === "/system/functions") return [...functions.values()].map(describe);
  if (!path.startsWith("/system/function/")) return undefined;
  const found = functions.get(path.slice("/system/function/".length));
  return found === undefined ? null : describe(found);
}

/** The shape of OpenFaaS's function status; settings of functions are left out. */
function describe(each: RunningFunction): Record<string, unknown> {
  const { spec } = each.staged;
  return {
    name: spec.name,
    image: spec.image,
    namespace: NAMESPACE,
    envProcess: "node index.js",
    secrets: spec.secrets,
    labels: spec.labels,
    annotations: spec.annotations,
    replicas: 1,
    availableReplicas: each.endpoint() === null ? 0 : 1,
    invocationCount: each.calls.total,
    createdAt: new Date(each.createdAtMs).toISOString(),
  };
}

function isAllowed(authorization: string | undefined, { user, password }: Credentials): boolean {
  const [scheme, given] = authorization?.split(" ") ?? [];
  if (scheme?.toLowerCase() !== "basic" || given === undefined) return false;
  return timingSafeEqual(
    digest(Buffer.from(given, "base64").toString("utf8")),
    digest(`${user}:${password}`),
  );
}

/** Of equal length whatever was given, so that comparing tells nothing. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(text);
}

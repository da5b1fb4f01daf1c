import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { BenchGround } from "../bench-ground.ts";
import { type LoadProcess, startLoad } from "./load-process.ts";
import type { LoadRequest } from "./load-protocol.ts";
import type { LoadQuestion } from "./load-questions.ts";

/** Where a question is asked, from the store outwards; each holds the one before it. */
export const SIDES = ["direct", "app", "function", "gateway"] as const;
export type Side = (typeof SIDES)[number];

export interface Sides {
  /** Null: the question has no such side. */
  requests(question: LoadQuestion, side: Side): LoadRequest[] | null;
  process(side: Side): LoadProcess;
  /** The process ids of what takes part beside OpenSearch. */
  readonly pids: Readonly<Record<"gateway" | "function" | "app" | "openSearch", number>>;
  stop(): void;
}

const functionsRecord = z.looseObject({ "query-api": z.object({ pid: z.number(), port: z.number() }) });

/** Two processes that ask: one by HTTP, one that holds the query API itself. */
export async function openSides({ stack, apiKey }: BenchGround): Promise<Sides> {
  const record = readFileSync(join(stack.home, "run", "functions.json"), "utf8");
  const { "query-api": queryApi } = functionsRecord.parse(JSON.parse(record));
  const { gateway, opensearch } = stack.pids();
  if (gateway === undefined || opensearch === undefined)
    throw new PolytapeError("operating", "stack_incomplete", "Gateway or OpenSearch do not run.");
  const http = await startLoad("http");
  const app = await startLoad("app", stack.environment);
  const bases = {
    app: "http://app",
    function: `http://127.0.0.1:${queryApi.port}`,
    gateway: stack.urls.gateway,
  };
  return {
    requests({ paths, direct }, side) {
      if (side === "direct") return direct?.map((each) => directRequest(stack.urls.openSearch, each)) ?? null;
      const headers = { "x-api-key": apiKey };
      return paths.map((path) => ({ url: `${bases[side]}${path}`, method: "GET", headers }));
    },
    process: (side) => (side === "app" ? app : http),
    pids: { gateway, function: queryApi.pid, app: app.pid, openSearch: opensearch },
    stop() {
      http.stop();
      app.stop();
    },
  };
}

function directRequest(
  url: string,
  { path, body }: { path: string; body?: Readonly<Record<string, unknown>> },
): LoadRequest {
  if (!body) return { url: `${url}${path}`, method: "GET", headers: {} };
  const headers = { "content-type": "application/json" };
  return { url: `${url}${path}`, method: "POST", headers, body: JSON.stringify(body) };
}

import { setTimeout as pause } from "node:timers/promises";
import { PolytapeError } from "@polytape/market-model";

/** Reads of the API with the demonstration's key. */
export interface DemoApi {
  get(path: string): Promise<{ status: number; body: Json; tookMs: number }>;
  /** Asks and shows: the request, the status, and the start of the answer. */
  show(path: string): Promise<Json>;
  /** Tries until there is a result; says what it waits for. Throws `demo_waited` after three minutes. */
  until<T>(what: string, attempt: () => Promise<T | null>): Promise<T>;
}

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const WAIT_MAX_MS = 180_000;
const LINES_MAX = 24;

export function askApi(gatewayUrl: string, key: string, tell: (line: string) => void): DemoApi {
  const get: DemoApi["get"] = async (path) => {
    const startedMs = performance.now();
    const answer = await fetch(`${gatewayUrl}${path}`, {
      headers: { "x-api-key": key },
      signal: AbortSignal.timeout(20_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: parse(text), tookMs: performance.now() - startedMs };
  };
  return {
    get,
    show: async (path) => {
      const { status, body, tookMs } = await get(path);
      tell(`\nGET ${path}\n${status} in ${tookMs.toFixed(0)} ms`);
      tell(shortened(body));
      return body;
    },
    until: async (what, attempt) => {
      const startedMs = performance.now();
      tell(`… waiting for ${what}`);
      for (; performance.now() - startedMs < WAIT_MAX_MS; await pause(1_000)) {
        const result = await attempt();
        if (result === null) continue;
        tell(`✓ ${what} (${((performance.now() - startedMs) / 1_000).toFixed(1)} s)`);
        return result;
      }
      throw new PolytapeError(
        "operating",
        "demo_waited",
        `No ${what} after ${WAIT_MAX_MS / 1_000} s: make status and make logs show what runs.`,
      );
    },
  };
}

/** A value inside an answer: `at(body, "data", 0, "market_id")`; null where there is none. */
export function at(body: Json, ...path: (string | number)[]): Json {
  return path.reduce<Json>((value, step) => {
    if (value === null || typeof value !== "object") return null;
    return (Array.isArray(value) ? value[Number(step)] : value[step]) ?? null;
  }, body);
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Indented, and cut: a screen shows the shape. */
function shortened(body: Json): string {
  const lines = JSON.stringify(body, cutLongTexts, 2).split("\n");
  const shown = lines.slice(0, LINES_MAX).map((line) => `  ${line}`);
  if (lines.length > LINES_MAX) shown.push(`  … ${lines.length - LINES_MAX} more lines`);
  return shown.join("\n");
}

function cutLongTexts(_name: string, value: Json): Json {
  return typeof value === "string" && value.length > 90 ? `${value.slice(0, 87)}…` : value;
}

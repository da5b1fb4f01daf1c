import { randomBytes } from "node:crypto";
import { createAccessGate, issueKey, type KeyOrder } from "@polytape/api-access";
import { inMemoryBucket } from "@polytape/api-access/in-memory";
import { createLog } from "@polytape/function-runtime";
import { CANDLE_INTERVALS } from "@polytape/market-model";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { apiParts } from "../api-parts.ts";
import { createApp } from "../app.ts";
import { byContract } from "./by-contract.ts";

export const NOW = Date.parse("2026-11-22T12:00:00Z");

export interface AskOptions {
  readonly key?: string | null;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The whole service in this process over stores in memory, with a clock that stands until it is moved.
 * Every answer that a test gets has passed what the OpenAPI document says of it.
 */
export async function anApi(
  options: {
    settings?: Partial<Parameters<typeof apiParts>[0]["settings"]>;
    rateRps?: number;
    dailyCap?: number;
    keysRead?: boolean;
    order?: KeyOrder;
  } = {},
) {
  const clock = { nowMs: NOW };
  const now = () => clock.nowMs;
  const store = inMemoryStore({ now });
  const keys = inMemoryBucket();
  const usage = inMemoryBucket();
  const bus = { connected: true };
  const logLines: string[] = [];
  const log = createLog("query-api", (line) => logLines.push(line), now);
  const gate = createAccessGate({ rateRps: options.rateRps ?? 1_000, dailyCap: options.dailyCap ?? 100_000 });
  if (options.keysRead !== false) {
    await gate.keys.follow(keys);
    await gate.usage.load(usage);
  }
  const { key, record } = await issueKey(keys, options.order ?? { plan: "monthly" }, {
    nowMs: NOW,
    randomBytes,
  });
  const settings = {
    RETENTION_DAYS: 90,
    SETTLE_SECONDS: 600,
    CANDLES_INTERVALS: [...CANDLE_INTERVALS],
    API_QUERY_TIMEOUT_MS: 10_000,
    API_ANSWERS_AT_ONCE: 4,
  };
  const respond = createApp(
    apiParts({
      store,
      gate,
      bus: {
        isConnected: () => bus.connected,
        serverVersion: () => (bus.connected ? "2.14.9" : null),
      },
      settings: { ...settings, ...options.settings },
      log,
      now,
    }),
  );

  async function send(path: string, { key: given = key, method = "GET", headers = {} }: AskOptions = {}) {
    const request = new Request(`http://function${path}`, {
      method,
      headers: { ...(given === null ? {} : { "x-api-key": given }), ...headers },
    });
    return byContract({ path, method }, await respond(request));
  }

  /** Asks, and gives status, headers and the parsed body. */
  async function ask(path: string, ask: AskOptions = {}) {
    const response = await send(path, ask);
    const text = await response.text();
    const body: Answer = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, body };
  }

  return { ask, send, store, keys, usage, gate, clock, bus, key, record, log: logLines };
}

/** Whatever an answer holds: its shape was just checked, so tests may look into it. */
type Answer = ReturnType<typeof JSON.parse>;

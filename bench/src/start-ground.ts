import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { connectEventBus } from "@polytape/event-bus";
import { readEnvironment } from "@polytape/function-runtime";
import { findRepository, type RunningStack, startStack } from "@polytape/local";
import { DAY_MS, type EpochMs, PolytapeError } from "@polytape/market-model";
import { connectStore, openMarketStore } from "@polytape/market-store";
import type { BenchGround } from "./bench-ground.ts";
import { rawClient } from "./raw-http.ts";

/** Schedules would run beside what is measured: here functions are called when their turn comes. */
const HARDLY_EVER_MS = "3600000";
const SETTINGS = {
  POLL_INTERVAL_TRADES_MS: HARDLY_EVER_MS,
  POLL_INTERVAL_MARKETS_MS: HARDLY_EVER_MS,
  POLL_INTERVAL_BOOKS_MS: HARDLY_EVER_MS,
  API_RATE_RPS: "10000",
  API_DAILY_CAP: "1000000000",
};
const KEY_KNOWN_WITHIN_MS = 15_000;

/** Starts a stack of its own against a simulated world that stands still at yesterday's 18:00 UTC. */
export async function startGround(
  tell: (line: string) => void,
): Promise<BenchGround & { stop(): Promise<void> }> {
  const worldEndMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS / 4;
  const stack = await startStack({
    settings: SETTINGS,
    simulator: { seed: 7, args: worldArguments(worldEndMs) },
    tell: (line) => tell(`  ${line}`),
  });
  const http = rawClient();
  try {
    const settings = { urls: [stack.urls.openSearch], timeoutMs: 60_000 };
    const server = connectStore(settings);
    const store = openMarketStore(settings);
    const bus = await connectEventBus({
      url: stack.urls.nats,
      user: stack.environment["NATS_USER"],
      password: stack.secrets.natsPassword,
      clientName: "bench",
    });
    const apiKey = await makeKey(stack);
    const ground = {
      stack,
      http,
      server,
      store,
      bus,
      apiKey,
      worldEndMs,
      world: { nowMs: worldEndMs },
      tell,
    };
    await waitForKey(ground);
    return {
      ...ground,
      async stop() {
        http.close();
        await Promise.allSettled([bus.close(), store.close(), server.close()]);
        await stack.stop();
      },
    };
  } catch (error) {
    http.close();
    await stack.stop();
    throw error;
  }
}

/** 108,000 trades in 36 minutes before the end: as dense as the venue is on a busy evening. */
function worldArguments(endMs: EpochMs): string[] {
  const options = {
    clock: "manual",
    epoch: new Date(endMs).toISOString(),
    markets: "300",
    "history-hours": "0.6",
    "history-rate": "50",
    rate: "20",
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

/** By the operator's own command. */
async function makeKey({ environment }: RunningStack): Promise<string> {
  const program = join(findRepository(), "cli/dist/polytape.cjs");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, "keys", "create", "--plan", "weekly", "--label", "bench"],
    { env: { ...readEnvironment(), ...environment }, timeout: 60_000 },
  );
  return stdout.trim().split("\n").at(-1) ?? "";
}

async function waitForKey({ stack, http, apiKey }: BenchGround): Promise<void> {
  const untilMs = performance.now() + KEY_KNOWN_WITHIN_MS;
  const question = {
    url: `${stack.urls.gateway}/v1/me`,
    method: "GET",
    headers: { "x-api-key": apiKey },
  } as const;
  for (let answer = await http.send(question); answer.status !== 200; answer = await http.send(question)) {
    if (performance.now() > untilMs)
      throw new PolytapeError("operating", "key_unknown", `The API does not take the key: ${answer.text}`);
    await pause(100);
  }
}

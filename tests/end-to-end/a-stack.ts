import { execFileSync } from "node:child_process";
import { connectEventBus, type EventBus } from "@polytape/event-bus";
import {
  findRepository,
  QUICK_JAVA,
  type RunningStack,
  type StackOptions,
  startStack,
} from "@polytape/local";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { byContractThroughGateway } from "@polytape/query-api/testing/contract";

/** A running stack with the simulator in Polymarket's place, and ways to look behind its API. */
export interface TestStack extends RunningStack {
  readonly simulatorUrl: string;
  readonly store: MarketStore;
  readonly bus: EventBus;
  /** A GET with the key, through the gateway. Every answer has passed what the OpenAPI document says of it. */
  ask(path: string, key?: string): Promise<{ status: number; headers: Headers; body: unknown }>;
  makeKey(): string;
}

export async function aStack(options: StackOptions): Promise<TestStack> {
  const stack = await startStack({
    ...options,
    settings: { API_RATE_RPS: "10000", OPENSEARCH_JAVA_OPTS: QUICK_JAVA.join(" "), ...options.settings },
  });
  const store = openMarketStore({ urls: [stack.urls.openSearch], timeoutMs: 20_000 });
  const bus = await connectEventBus({
    url: stack.urls.nats,
    user: stack.environment["NATS_USER"],
    password: stack.secrets.natsPassword,
    clientName: "end-to-end test",
  });
  return {
    ...stack,
    simulatorUrl: String(stack.urls.simulator),
    store,
    bus,
    ask: async (path, key) => {
      const request = key === undefined ? {} : { headers: { "x-api-key": key } };
      const answer = await byContractThroughGateway(
        { path },
        await fetch(`${stack.urls.gateway}${path}`, request),
      );
      const text = await answer.text();
      const isJson = answer.headers.get("content-type")?.startsWith("application/json");
      return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
    },
    makeKey: () => {
      const program = `${findRepository()}/cli/dist/polytape.cjs`;
      const said = execFileSync(process.execPath, [program, "keys", "create", "--plan", "weekly"], {
        env: { ...stack.environment },
        encoding: "utf8",
      });
      return said.trim().split("\n").at(-1) ?? "";
    },
    stop: async () => {
      await bus.close();
      await store.close();
      await stack.stop();
    },
  };
}

/** Waits for a condition, not for a time; throws with what it waited for. */
export async function until<T>(
  what: string,
  seconds: number,
  attempt: () => Promise<T | null | false>,
): Promise<T> {
  const deadlineMs = Date.now() + seconds * 1_000;
  let trouble: unknown = null;
  while (Date.now() < deadlineMs) {
    try {
      const result = await attempt();
      if (result !== null && result !== false) return result;
    } catch (error) {
      trouble = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`no ${what} within ${seconds} s`, { cause: trouble });
}

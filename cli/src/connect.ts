import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { connectEventBus, type EventBus } from "@polytape/event-bus";
import {
  httpUrl,
  natsConnection,
  natsSettings,
  openSearchConnection,
  openSearchSettings,
  readSettings,
} from "@polytape/function-runtime";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { z } from "zod";
import { callFunction } from "./call-function.ts";
import type { Tools } from "./command.ts";
import { apiSettings, apiUrl, openApiClient } from "./reading/api-client.ts";
import { readSurroundings } from "./surroundings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const busSettings = z.object({
  ...natsSettings,
  NATS_URL: natsSettings.NATS_URL.default("nats://127.0.0.1:4222"),
});
const storeSettings = z.object({
  ...openSearchSettings,
  OPENSEARCH_URL: openSearchSettings.OPENSEARCH_URL.prefault("http://127.0.0.1:9200"),
});
const gatewaySettings = z.object({ OPENFAAS_URL: httpUrl().default("http://127.0.0.1:8080") });

/** Tools on real servers. A command that needs only one of them asks for no setting of the other. */
export function connectTools(
  environment: Environment,
  print: (line: string) => void,
  { tell, readInput }: Pick<Tools, "tell" | "readInput"> = {
    tell: () => undefined,
    readInput: async () => "",
  },
): { tools: Tools; close: () => Promise<void> } {
  let bus: Promise<EventBus> | null = null;
  let store: MarketStore | null = null;
  return {
    tools: {
      bus: () => {
        bus ??= openBus(environment);
        return bus;
      },
      store: async () => {
        store ??= openStore(environment);
        return store;
      },
      callFunction: async (name, body) =>
        callFunction(readSettings(gatewaySettings, environment).OPENFAAS_URL, name, body),
      api: async () => {
        const settings = readSettings(apiSettings, environment);
        return openApiClient({ url: apiUrl(settings), key: settings.POLYTAPE_API_KEY, tell });
      },
      surroundings: () => readSurroundings(environment),
      readInput,
      now: Date.now,
      pause: (ms) => pause(ms),
      randomBytes,
      print,
      tell,
    },
    async close() {
      await store?.close();
      await (await bus?.catch(() => null))?.close();
    },
  };
}

async function openBus(environment: Environment): Promise<EventBus> {
  const settings = readSettings(busSettings, environment);
  return connectEventBus({ ...natsConnection(settings), clientName: "polytape command" });
}

function openStore(environment: Environment): MarketStore {
  const settings = readSettings(storeSettings, environment);
  return openMarketStore({ ...openSearchConnection(settings), timeoutMs: 10_000 });
}

import type { z } from "zod";
import type { natsSettings, openSearchSettings, polymarketSettings } from "./settings.ts";

type Read<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;

/** What `openMarketStore` needs of the settings; the timeout is the caller's. */
export function openSearchConnection(settings: Read<typeof openSearchSettings>) {
  return {
    urls: settings.OPENSEARCH_URL,
    user: settings.OPENSEARCH_USER,
    password: settings.OPENSEARCH_PASSWORD,
    certificateAuthority: settings.OPENSEARCH_CA,
    indexPrefix: settings.OPENSEARCH_INDEX_PREFIX,
  };
}

/** What `connectEventBus` needs of the settings; the name in the server's list is the caller's. */
export function natsConnection(settings: Read<typeof natsSettings>) {
  return { url: settings.NATS_URL, user: settings.NATS_USER, password: settings.NATS_PASSWORD };
}

/** What `connectPolymarket` needs of the settings; the share of the limits is the caller's. */
export function polymarketConnection(settings: Read<typeof polymarketSettings>) {
  return {
    gammaUrl: settings.POLYMARKET_GAMMA_URL,
    dataUrl: settings.POLYMARKET_DATA_URL,
    clobUrl: settings.POLYMARKET_CLOB_URL,
    timeoutMs: settings.POLYMARKET_TIMEOUT_MS,
    triesMax: settings.POLYMARKET_TRIES_MAX,
  };
}

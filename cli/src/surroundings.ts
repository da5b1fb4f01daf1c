import { httpUrl, openSearchSettings, polymarketSettings, readSettings } from "@polytape/function-runtime";
import { z } from "zod";
import { apiSettings, apiUrl } from "./reading/api-client.ts";

/** Where everything is that can be asked over HTTP, and who asks. */
export interface Surroundings {
  readonly indexPrefix: string;
  readonly gateway: { readonly url: string; readonly user: string; readonly password: string | undefined };
  readonly openSearch: {
    readonly urls: readonly string[];
    readonly certificateAuthority: string | undefined;
  };
  readonly api: { readonly url: string; readonly key: string | undefined };
  /** What the collectors read trades from. */
  readonly upstreamUrl: string;
  /** What the placeholders of stack.yml are replaced by. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof globalThis.fetch;
}

const settings = z.object({
  ...apiSettings.shape,
  OPENFAAS_URL: httpUrl().optional(),
  BASIC_AUTH_USER: z.string().default("admin"),
  BASIC_AUTH_PASSWORD: z.string().optional(),
  OPENSEARCH_URL: openSearchSettings.OPENSEARCH_URL.prefault("http://127.0.0.1:9200"),
  OPENSEARCH_CA: openSearchSettings.OPENSEARCH_CA,
  OPENSEARCH_INDEX_PREFIX: openSearchSettings.OPENSEARCH_INDEX_PREFIX,
  POLYMARKET_DATA_URL: polymarketSettings.POLYMARKET_DATA_URL,
});

/** Throws `settings_invalid` (input). */
export function readSurroundings(environment: Readonly<Record<string, string | undefined>>): Surroundings {
  const read = readSettings(settings, environment);
  return {
    indexPrefix: read.OPENSEARCH_INDEX_PREFIX ?? "",
    gateway: {
      url: read.OPENFAAS_URL ?? "http://127.0.0.1:8080",
      user: read.BASIC_AUTH_USER,
      password: read.BASIC_AUTH_PASSWORD,
    },
    openSearch: { urls: read.OPENSEARCH_URL, certificateAuthority: read.OPENSEARCH_CA },
    api: { url: apiUrl(read), key: read.POLYTAPE_API_KEY },
    upstreamUrl: read.POLYMARKET_DATA_URL,
    variables: environment,
    fetch: globalThis.fetch,
  };
}

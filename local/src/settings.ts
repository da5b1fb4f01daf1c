import {
  flag,
  natsSettings,
  openSearchSettings,
  polymarketSettings,
  readSettings,
  wholeNumber,
} from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { parseEnvFile } from "./env-file.ts";
import { DEFAULT_SERVER_UID } from "./servers/server-user.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const port = () => wholeNumber({ min: 1, max: 65_535 });
const intervalMs = () => wholeNumber({ min: 1_000, max: 3_600_000 });

/** What only the local profile knows. */
const localSettings = {
  /** Data, logs, secrets and records of one copy; relative to the checkout. */
  POLYTAPE_HOME: z.string().default(".polytape"),
  /** What is installed, shared by all copies; relative to the checkout. */
  POLYTAPE_TOOLS: z.string().default(".tools"),
  API_BIND_HOST: z.union([z.ipv4(), z.ipv6()], "must be an address of this machine").default("127.0.0.1"),
  API_BIND_PORT: port().default(8080),
  OPENSEARCH_PORT: port().default(9200),
  /** Default: the first free one of a hundred, from 100 above OPENSEARCH_PORT on. */
  OPENSEARCH_TRANSPORT_PORT: port().optional(),
  OPENSEARCH_HEAP: z
    .string()
    .regex(/^\d+[mg]$/, "must be like 512m or 2g")
    .default("512m"),
  /** More options for OpenSearch's Java, separated by spaces. */
  OPENSEARCH_JAVA_OPTS: z.string().optional(),
  NATS_PORT: port().default(4222),
  /** `always`: on disk before a publish is acknowledged. */
  NATS_SYNC: z
    .string()
    .regex(/^(always|\d+(ms|s|m))$/, "must be always or a time like 1s")
    .default("always"),
  POLYTAPE_SERVER_UID: wholeNumber({ min: 1, max: 4_294_967_293 }).default(DEFAULT_SERVER_UID),
  BASIC_AUTH_USER: z.string().min(1).default("admin"),
  BASIC_AUTH_PASSWORD: z.string().min(1).optional(),
  SIMULATOR: flag().default(false),
  SIMULATOR_PORT: port().default(8090),
  SIMULATOR_SEED: wholeNumber({ min: 0, max: 4_294_967_295 }).default(1),
  /** A folder with recorded payloads; the simulator replays them instead of its own world. */
  SIMULATOR_RECORDINGS: z.string().optional(),
  /** More of the simulator's options, as on its command line. */
  SIMULATOR_ARGS: z.string().optional(),
};

/** What functions and services read themselves; checked here, so that a fault stops the start. */
export const passedOnSettings = {
  API_RATE_RPS: wholeNumber({ min: 1, max: 100_000 }).default(10),
  API_DAILY_CAP: wholeNumber({ min: 1, max: 1_000_000_000 }).default(100_000),
  API_QUERY_TIMEOUT_MS: wholeNumber({ min: 100, max: 14_000 }).default(10_000),
  API_ANSWERS_AT_ONCE: wholeNumber({ min: 1, max: 1_000 }).default(4),
  POLL_INTERVAL_TRADES_MS: intervalMs().default(3_000),
  POLL_INTERVAL_MARKETS_MS: intervalMs().default(10_000),
  POLL_INTERVAL_BOOKS_MS: intervalMs().default(10_000),
  CANDLES_INTERVALS: z
    .string()
    .regex(/^(1m|5m|1h)(,(1m|5m|1h))*$/, "must be a list of 1m, 5m and 1h")
    .default("1m,5m,1h"),
  BOOK_LEVELS: wholeNumber({ min: 1, max: 1_000 }).default(25),
  BOOK_MARKETS_MAX: wholeNumber({ min: 1, max: 500 }).default(50),
  BOOK_ASSETS: z
    .string()
    .regex(/^\d{1,78}( *, *\d{1,78})*$/, "must be a list of decimal token ids")
    .optional(),
  TRADES_FEED: z
    .string()
    .regex(/^[a-z0-9-]+$/, "may hold lower-case letters, digits and dashes")
    .default("live"),
  TRADES_FEED_IS_WHOLE: flag().default(true),
  TRADES_ROW_SET: z.enum(["taker", "all"]).default("taker"),
  TRADES_PAGES_PER_RUN_MAX: wholeNumber({ min: 1, max: 1_000 }).default(20),
  SETTLE_EVERY_SECONDS: wholeNumber({ min: 1, max: 86_400 }).default(180),
  SETTLE_PAGES_PER_RUN_MAX: wholeNumber({ min: 1, max: 1_000 }).default(10),
  UPSTREAM_LAG_SECONDS_MAX: wholeNumber({ min: 1, max: 86_400 }).default(60),
  MARKETS_RECENT_PAGES_MAX: wholeNumber({ min: 4, max: 50 }).default(8),
  MARKETS_RECENT_OVERLAP_SECONDS: wholeNumber({ min: 0, max: 3_600 }).default(10),
  MARKETS_SWEEP_OPEN_PAGES: wholeNumber({ min: 0, max: 100 }).default(12),
  MARKETS_SWEEP_CLOSED_PAGES: wholeNumber({ min: 0, max: 100 }).default(6),
  TRIGGER_DISCOVERY_INTERVAL_MS: wholeNumber({ min: 100, max: 600_000 }).default(5_000),
  TRIGGER_CALL_TIMEOUT_MS: wholeNumber({ min: 100, max: 299_000 }).default(120_000),
  TRIGGER_DELIVERIES_MAX: wholeNumber({ min: 1, max: 1_000 }).default(20),
  TRIGGER_DELAY_MAX_MS: wholeNumber({ min: 10, max: 3_600_000 }).default(60_000),
  TRIGGER_ACKNOWLEDGE_WITHIN_MS: wholeNumber({ min: 1_000, max: 600_000 }).default(30_000),
  TRIGGER_DRAIN_MAX_MS: wholeNumber({ min: 0, max: 300_000 }).default(60_000),
  TRIGGER_METRICS_HOST: z.string().default("127.0.0.1"),
  TRIGGER_METRICS_PORT: wholeNumber({ min: 0, max: 65_535 }).default(0),
  NATS_REPLICAS: wholeNumber({ min: 1, max: 5 }).default(1),
  OPENSEARCH_SHARDS: wholeNumber({ min: 1, max: 64 }).default(1),
  OPENSEARCH_REPLICAS: wholeNumber({ min: 0, max: 8 }).default(0),
  RETENTION_DAYS: wholeNumber({ min: 0, max: 36_500 }).default(90),
  RETENTION_INDICES_PER_RUN_MAX: wholeNumber({ min: 1, max: 1_000 }).default(40),
  BACKFILL_DAYS: wholeNumber({ min: 0, max: 3_650 }).default(7),
  BACKFILL_PAGES_PER_RUN_MAX: wholeNumber({ min: 1, max: 1_000 }).default(20),
  SELF_CHECK_MARKETS: wholeNumber({ min: 0, max: 500 }).default(20),
  SELF_CHECK_PAGES_MAX: wholeNumber({ min: 1, max: 1_000 }).default(40),
  SELF_CHECK_VOLUME_RATIO_MAX: wholeNumber({ min: 1, max: 1_000 }).default(2),
  SETTLE_SECONDS: wholeNumber({ min: 0, max: 86_400 }).default(600),
  COLLECT_MARKETS: flag().default(true),
  COLLECT_TRADES: flag().default(true),
  COLLECT_BOOKS: flag().default(true),
  COLLECT_STREAM: flag().default(true),
  POLYMARKET_WS_URL: z
    .url({ protocol: /^wss?$/, error: "must be a ws or wss URL" })
    .default("wss://ws-subscriptions-clob.polymarket.com/ws/market"),
  ...polymarketSettings,
  OPENSEARCH_INDEX_PREFIX: openSearchSettings.OPENSEARCH_INDEX_PREFIX,
};

export const stackSettings = z.object({
  ...localSettings,
  ...passedOnSettings,
  /** Given: a server that exists already is used, and none is started. */
  OPENSEARCH_URL: openSearchSettings.OPENSEARCH_URL.optional(),
  OPENSEARCH_USER: openSearchSettings.OPENSEARCH_USER,
  OPENSEARCH_PASSWORD: openSearchSettings.OPENSEARCH_PASSWORD,
  OPENSEARCH_CA: openSearchSettings.OPENSEARCH_CA,
  NATS_URL: natsSettings.NATS_URL.optional(),
  NATS_USER: natsSettings.NATS_USER,
  NATS_PASSWORD: natsSettings.NATS_PASSWORD,
});

export type StackSettings = z.output<typeof stackSettings>;

/** Settings as values, and all variables as text for the programs that read their own. */
export interface StackConfiguration {
  readonly settings: StackSettings;
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Reads the env file and the environment, which wins. Throws `settings_invalid` (input) with all faults of
 * both at once.
 */
export function readStackSettings(envFileText: string, environment: Environment): StackConfiguration {
  const file = parseEnvFile(envFileText);
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== "");
  const variables = { ...file.variables, ...Object.fromEntries(given) };
  try {
    // Secrets are given by variable or made up later; there is no folder of them to look into yet.
    const settings = readSettings(stackSettings, { ...variables, SECRETS_FOLDER: "/nonexistent" });
    if (file.faults.length > 0) throw settingsFaults([...file.faults]);
    return { settings, variables: textsOf(variables) };
  } catch (error) {
    if (!(error instanceof PolytapeError) || file.faults.length === 0) throw error;
    const others = error.facts["faults"];
    throw settingsFaults([
      ...new Set([...file.faults, ...(Array.isArray(others) ? others.map(String) : [])]),
    ]);
  }
}

function settingsFaults(faults: string[]): PolytapeError {
  const count = `${faults.length} setting${faults.length === 1 ? " is" : "s are"} wrong or missing`;
  return new PolytapeError("input", "settings_invalid", `${count}: ${faults.join("; ")}`, {
    facts: { faults },
  });
}

function textsOf(variables: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, text]) => (text ? [[name, text]] : [])),
  );
}

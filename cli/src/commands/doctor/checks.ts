import { DAY_MS, MINUTE_MS, tradeTsMs } from "@polytape/market-model";
import { streams } from "@polytape/nats";
import { z } from "zod";
import { readLastSelfCheck } from "../../self-check-state.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";
import { judgeConsumers, judgeLetters, judgeSchedules, judgeStreams, judgeUsage } from "./judge-bus.ts";
import { judgeClock, judgeCoverage, judgeLag, judgeSelfCheck } from "./judge-freshness.ts";
import { deployedFunctions, judgeFunctions } from "./judge-functions.ts";
import { judgeBlocks, judgeDisk, judgeHealth, judgeSchema } from "./judge-store.ts";
import type { Parts } from "./parts.ts";

/** One look at one part. */
export interface Check {
  readonly name: string;
  look(parts: Parts): Promise<Finding>;
  /** What to do when it cannot be looked at at all. */
  readonly cure: string;
}

const START_GATEWAY = "start it (make up, or systemctl start faasd-provider faasd), or set OPENFAAS_URL";
const START_STORE = "start OpenSearch, or set OPENSEARCH_URL, OPENSEARCH_USER and OPENSEARCH_PASSWORD";
const START_NATS = "start nats-server, or set NATS_URL, NATS_USER and NATS_PASSWORD";
/** What is younger has not settled, or is being read right now. */
const SETTLED_AFTER_MS = 20 * MINUTE_MS;
const LETTERS_MAX = 1_000;

/** From outside in. */
export const checks: readonly Check[] = [
  { name: "gateway", look: lookAtGateway, cure: START_GATEWAY },
  { name: "functions", look: lookAtFunctions, cure: START_GATEWAY },
  { name: "api", look: lookAtApi, cure: "set POLYTAPE_URL, or see the lines gateway and functions" },
  { name: "key", look: lookAtKey, cure: "see the line api" },
  {
    name: "opensearch",
    look: async ({ store, storeState }) => judgeHealth(await (await store()).health(), await storeState()),
    cure: START_STORE,
  },
  { name: "schema", look: async ({ storeState }) => judgeSchema(await storeState()), cure: START_STORE },
  { name: "disk", look: async ({ storeState }) => judgeDisk(await storeState()), cure: START_STORE },
  {
    name: "index blocks",
    look: async ({ storeState }) => judgeBlocks(await storeState()),
    cure: START_STORE,
  },
  {
    name: "nats",
    look: async ({ bus, busState }) => {
      await bus();
      return ok(`connected, JetStream has ${(await busState()).streams.length} streams and buckets`);
    },
    cure: START_NATS,
  },
  {
    name: "streams",
    look: async ({ busState }) => judgeStreams(streams, await busState()),
    cure: START_NATS,
  },
  { name: "stream usage", look: async ({ busState }) => judgeUsage(await busState()), cure: START_NATS },
  {
    name: "schedules",
    look: async ({ planned, busState }) => judgeSchedules(planned, await busState()),
    cure: START_NATS,
  },
  {
    name: "consumers",
    look: async ({ planned, busState }) => judgeConsumers(planned, await busState()),
    cure: START_NATS,
  },
  {
    name: "dead letters",
    look: async ({ bus }) =>
      judgeLetters(await (await bus()).listDeadLetters({ limit: LETTERS_MAX }), LETTERS_MAX),
    cure: START_NATS,
  },
  { name: "ingest lag", look: lookAtLag, cure: START_STORE },
  { name: "coverage", look: lookAtCoverage, cure: START_STORE },
  {
    name: "self-check",
    look: async ({ store, now }) => judgeSelfCheck(await readLastSelfCheck(await store()), now()),
    cure: START_STORE,
  },
  { name: "clock", look: lookAtClock, cure: "compare the clock by hand: timedatectl" },
];

async function lookAtGateway({ surroundings: { gateway }, get, now }: Parts): Promise<Finding> {
  const askedMs = now();
  const { status } = await get(`${gateway.url}/healthz`);
  if (status !== 200) return failed(`${gateway.url} answers ${status} to /healthz`, START_GATEWAY);
  return ok(`${gateway.url} answered in ${now() - askedMs} ms`);
}

async function lookAtFunctions({ surroundings: { gateway }, planned, get }: Parts): Promise<Finding> {
  const cure = "set BASIC_AUTH_USER and BASIC_AUTH_PASSWORD, or SECRETS_FOLDER to where the secrets lie";
  if (gateway.password === undefined) return warning("not looked at: no password for the gateway", cure);
  const login = Buffer.from(`${gateway.user}:${gateway.password}`).toString("base64");
  const { status, body } = await get(`${gateway.url}/system/functions`, { authorization: `Basic ${login}` });
  if (status === 401) return failed("the gateway refuses the login", cure);
  const read = deployedFunctions.safeParse(body);
  if (status !== 200 || !read.success)
    return failed(`the gateway's list cannot be read (${status})`, START_GATEWAY);
  return judgeFunctions(planned, read.data);
}

const health = z.object({
  opensearch: z.object({ status: z.string() }),
  nats: z.object({ status: z.string(), keys_read: z.boolean() }),
});

async function lookAtApi({ surroundings: { api }, get }: Parts): Promise<Finding> {
  const { status, body } = await get(`${api.url}/health`);
  const read = health.safeParse(body);
  if (!read.success)
    return failed(
      `${api.url} answers ${status} to /health and is no polytape API`,
      "set POLYTAPE_URL, deploy query-api",
    );
  const { opensearch, nats } = read.data;
  const said = `${api.url} ${status === 200 ? "is healthy" : `answers ${status}`}: opensearch ${opensearch.status}, nats ${nats.status}`;
  if (status === 200) return ok(said);
  return failed(
    `${said}${nats.keys_read ? "" : ", keys not read"}`,
    "see the lines opensearch and nats; query-api's own addresses and passwords are in its environment and secrets",
  );
}

const me = z.object({ plan: z.string(), expires_at: z.string() });

async function lookAtKey({ surroundings: { api }, get }: Parts): Promise<Finding> {
  if (api.key === undefined) return ok("none given in POLYTAPE_API_KEY, not looked at");
  const { status, body } = await get(`${api.url}/v1/me`, { "x-api-key": api.key });
  const read = me.safeParse(body);
  if (status === 200 && read.success) return ok(`${read.data.plan}, until ${read.data.expires_at}`);
  if (status === 429) return warning("is at its limit", "wait, or make another one: polytape keys create");
  return failed(
    `the API answers ${status} to it`,
    "polytape keys list tells whether it has ended; polytape keys create",
  );
}

const NOT_COLLECTED = ok("COLLECT_TRADES=false: no trades are collected");

function collectsTrades({ surroundings }: Parts): boolean {
  return surroundings.variables["COLLECT_TRADES"] !== "false";
}

async function lookAtLag(parts: Parts): Promise<Finding> {
  const store = await parts.store();
  const [trade] = await store.trades.findTrades({ rowSet: "taker", sort: "desc", limit: 1 });
  return collectsTrades(parts) ? judgeLag(trade ? tradeTsMs(trade) : null, parts.now()) : NOT_COLLECTED;
}

async function lookAtCoverage(parts: Parts): Promise<Finding> {
  const toMs = parts.now() - SETTLED_AFTER_MS;
  const question = { stream: "trades", fromMs: toMs - DAY_MS, toMs } as const;
  const timeline = await (await parts.store()).coverage.readTimeline(question);
  return collectsTrades(parts) ? judgeCoverage(timeline) : NOT_COLLECTED;
}

/** Away is no fault of ours: collectors say so themselves. */
async function lookAtClock({ surroundings: { upstreamUrl }, get, now }: Parts): Promise<Finding> {
  const askedMs = now();
  const answer = await get(`${upstreamUrl}/`).catch(() => null);
  if (answer === null)
    return warning("the upstream cannot be reached from here", "compare the clock by hand: timedatectl");
  return judgeClock(answer.date, { askedMs, answeredMs: now() });
}

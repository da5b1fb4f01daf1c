import { streams } from "@polytape/nats";
import { z } from "zod";
import { readLastSelfCheck } from "../../self-check-state.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";
import { judgeConsumers, judgeLetters, judgeSchedules, judgeStreams, judgeUsage } from "./judge-bus.ts";
import { judgeClock, judgeSelfCheck } from "./judge-freshness.ts";
import { deployedFunctions, judgeFunctions, NOT_COMPARED } from "./judge-functions.ts";
import { judgeRuns, type ToldMetrics } from "./judge-runs.ts";
import { judgeBlocks, judgeDisk, judgeHealth, judgeSchema } from "./judge-store.ts";
import { lookAtBackups, lookAtCertificates, lookAtFolder } from "./look-at-machine.ts";
import {
  lookAtBooks,
  lookAtCandles,
  lookAtCoverage,
  lookAtLag,
  lookAtMarkets,
  lookAtRetention,
} from "./look-at-tape.ts";
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
const LETTERS_MAX = 1_000;

/** From outside in. */
export const checks: readonly Check[] = [
  { name: "gateway", look: lookAtGateway, cure: START_GATEWAY },
  { name: "functions", look: lookAtFunctions, cure: START_GATEWAY },
  { name: "runs", look: lookAtRuns, cure: START_GATEWAY },
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
  { name: "certificates", look: lookAtCertificates, cure: START_STORE },
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
  { name: "markets", look: lookAtMarkets, cure: START_STORE },
  { name: "books", look: lookAtBooks, cure: START_STORE },
  { name: "candles", look: lookAtCandles, cure: START_STORE },
  { name: "retention", look: lookAtRetention, cure: START_STORE },
  {
    name: "self-check",
    look: async ({ store, now }) => judgeSelfCheck(await readLastSelfCheck(await store()), now()),
    cure: START_STORE,
  },
  { name: "backups", look: lookAtBackups, cure: START_STORE },
  { name: "data folder", look: lookAtFolder, cure: "set POLYTAPE_HOME to where the data lie" },
  { name: "clock", look: lookAtClock, cure: "compare the clock by hand: timedatectl" },
];

async function lookAtGateway({ surroundings: { gateway }, get, now }: Parts): Promise<Finding> {
  const askedMs = now();
  const { status } = await get(`${gateway.url}/healthz`);
  if (status !== 200) return failed(`${gateway.url} answers ${status} to /healthz`, START_GATEWAY);
  return ok(`${gateway.url} answered in ${now() - askedMs} ms`);
}

async function lookAtFunctions({ surroundings, planned, get }: Parts): Promise<Finding> {
  const { gateway, variables } = surroundings;
  const cure = "set BASIC_AUTH_USER and BASIC_AUTH_PASSWORD, or SECRETS_FOLDER to where the secrets lie";
  if (gateway.password === undefined) return warning("not looked at: no password for the gateway", cure);
  const login = Buffer.from(`${gateway.user}:${gateway.password}`).toString("base64");
  const { status, body } = await get(`${gateway.url}/system/functions`, { authorization: `Basic ${login}` });
  if (status === 401) return failed("the gateway refuses the login", cure);
  const read = deployedFunctions.safeParse(body);
  if (status !== 200 || !read.success)
    return failed(`the gateway's list cannot be read (${status})`, START_GATEWAY);
  const imagesAreNamed = Boolean(variables["IMAGE_PREFIX"] || variables["IMAGE_TAG"]);
  return judgeFunctions(planned, read.data, { imagesAreNamed });
}

/** Each function says what its runs came to; the gateway's list only that it is there. */
async function lookAtRuns({ surroundings: { gateway }, planned, get, now }: Parts): Promise<Finding> {
  if (planned === null) return warning("not looked at: no stack.yml names the functions", NOT_COMPARED);
  const told = planned.map(async ({ name }): Promise<ToldMetrics> => {
    const { status, text } = await get(`${gateway.url}/function/${name}/metrics`);
    return { name, status, text };
  });
  return judgeRuns(await Promise.all(told), now());
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

/** Away is no fault of ours: collectors say so themselves. */
async function lookAtClock({ surroundings: { upstreamUrl }, get, now }: Parts): Promise<Finding> {
  const askedMs = now();
  const answer = await get(`${upstreamUrl}/`).catch(() => null);
  if (answer === null)
    return warning("the upstream cannot be reached from here", "compare the clock by hand: timedatectl");
  return judgeClock(answer.date, { askedMs, answeredMs: now() });
}

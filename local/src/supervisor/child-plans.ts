import { join } from "node:path";
import type { Tools } from "../install-tools.ts";
import type { Command } from "../processes/launch.ts";
import { OWN_NATS_USER } from "../secrets-folder.ts";
import { natsIsReady, prepareNats } from "../servers/nats-server.ts";
import { openSearchIsReady, prepareOpenSearch } from "../servers/opensearch-server.ts";
import type { StackPlan } from "../stack-plan.ts";
import { GRACE_MS } from "./leftovers.ts";
import type { ChildPlan } from "./supervise-child.ts";

/** Where the servers' files lie and whom they run as. */
export interface ServerGround {
  readonly folder: string;
  readonly tools: Tools;
  readonly uid: number | null;
}

/** OpenSearch, or null when the operator named one that exists already. */
export function planOpenSearch(plan: StackPlan, { folder, tools, uid }: ServerGround): ChildPlan | null {
  const { settings, urls, paths } = plan;
  if (settings.OPENSEARCH_URL !== undefined) return null;
  const server = {
    folder: join(folder, "opensearch"),
    httpPort: settings.OPENSEARCH_PORT,
    transportPort: transportPort(plan),
    heap: settings.OPENSEARCH_HEAP,
    javaOptions: words(settings.OPENSEARCH_JAVA_OPTS),
    uid,
    home: paths.home,
  };
  return {
    name: "opensearch",
    command: prepareOpenSearch(server, tools),
    url: urls.openSearch,
    isReady: () => openSearchIsReady(urls.openSearch),
    readyMs: 120_000,
    graceMs: GRACE_MS.opensearch,
  };
}

/** Without a wish any free port from 100 above the other one on: only OpenSearch itself uses it. */
function transportPort({ settings }: StackPlan): string {
  if (settings.OPENSEARCH_TRANSPORT_PORT !== undefined) return String(settings.OPENSEARCH_TRANSPORT_PORT);
  const first = settings.OPENSEARCH_PORT + 100;
  return first + 99 <= 65_535 ? `${first}-${first + 99}` : `${first - 300}-${first - 201}`;
}

/** nats-server, or null when the operator named one that exists already. */
export function planNats(plan: StackPlan, { folder, tools, uid }: ServerGround): ChildPlan | null {
  const { settings, urls, paths, secrets } = plan;
  if (settings.NATS_URL !== undefined) return null;
  const server = {
    folder: join(folder, "nats"),
    port: settings.NATS_PORT,
    login: { user: OWN_NATS_USER, password: secrets.natsPassword },
    sync: settings.NATS_SYNC,
    uid,
    home: paths.home,
  };
  return {
    name: "nats",
    command: prepareNats(server, tools),
    url: urls.nats,
    isReady: () => natsIsReady(settings.NATS_PORT),
    readyMs: 30_000,
    graceMs: GRACE_MS.nats,
  };
}

/** What stands in for Polymarket, or null when the stack reads the real one. */
export function planSimulator(plan: StackPlan): ChildPlan | null {
  const { settings, urls } = plan;
  const url = urls.simulator;
  if (url === null) return null;
  const recordings = settings.SIMULATOR_RECORDINGS;
  const more = words(settings.SIMULATOR_ARGS);
  const args = [
    ...["--port", String(settings.SIMULATOR_PORT), "--seed", String(settings.SIMULATOR_SEED)],
    ...(recordings === undefined ? [] : ["--recordings", recordings]),
    ...more,
    // A simulator that is started again must go on with the world it had.
    ...(more.includes("--epoch") ? [] : ["--epoch-file", join(plan.paths.home, "simulator-epoch")]),
  ];
  return {
    name: "simulator",
    command: nodeProgram(plan, "polymarket-simulator/dist/simulator.cjs", args),
    url,
    isReady: () => answers(url),
    readyMs: 60_000,
    graceMs: GRACE_MS.simulator,
  };
}

export function planGateway(plan: StackPlan): ChildPlan {
  const { gateway } = plan.urls;
  return {
    name: "gateway",
    command: nodeProgram(plan, "local/dist/gateway.cjs"),
    url: gateway,
    isReady: () => answersOk(`${gateway}/healthz`),
    readyMs: 60_000,
    graceMs: GRACE_MS.gateway,
  };
}

export function planFunctionTrigger(plan: StackPlan): ChildPlan {
  return {
    name: "function-trigger",
    command: nodeProgram(plan, "services/function-trigger/dist/function-trigger.cjs"),
    url: null,
    isReady: async () => true,
    readyMs: 10_000,
    graceMs: GRACE_MS["function-trigger"],
  };
}

/** A program of the repository, with the stack's environment, as whoever started the stack. */
export function nodeProgram(plan: StackPlan, program: string, args: readonly string[] = []): Command {
  return {
    program: process.execPath,
    args: [join(plan.repository, program), ...args],
    environment: plan.environment,
    folder: plan.repository,
    uid: null,
  };
}

function words(text: string | undefined): string[] {
  return text?.split(/\s+/).filter((word) => word !== "") ?? [];
}

/** Whether anything answers there, whatever it says. */
async function answers(url: string): Promise<boolean> {
  return (await statusOf(url)) !== null;
}

/** Whether a GET is answered with 200. */
export async function answersOk(url: string): Promise<boolean> {
  return (await statusOf(url)) === 200;
}

async function statusOf(url: string): Promise<number | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null; // Not listening yet; the caller has the deadline.
  }
}

import { resolve } from "node:path";
import { PolytapeError } from "@polytape/market-model";
import { runningBeside } from "../homes.ts";
import { installTools } from "../install-tools.ts";
import { requireFreePorts, type WantedPort } from "../ports.ts";
import { waitUntil } from "../processes/wait-until.ts";
import { placeServers, serverUid } from "../servers/server-user.ts";
import type { StackPlan } from "../stack-plan.ts";
import {
  answersOk,
  nodeProgram,
  planFunctionTrigger,
  planGateway,
  planNats,
  planOpenSearch,
  planSimulator,
  type ServerGround,
} from "./child-plans.ts";
import { runToEnd } from "./run-to-end.ts";
import type { Steps } from "./start-steps.ts";
import type { ChildPlan } from "./supervise-child.ts";

export interface StartParts {
  readonly plan: StackPlan;
  readonly steps: Steps;
  /** Starts a child and settles when it is ready. */
  readonly start: (plan: ChildPlan) => Promise<void>;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

const APPLY_WITHIN_MS = 60_000;
const HEALTHY_WITHIN_MS = 120_000;

/** Brings everything up, in the order in which one thing needs another. Returns when the API answers. */
export async function startStackProcesses(parts: StartParts): Promise<void> {
  const { plan, steps, signal } = parts;
  await requireFreePorts(portsOf(plan), runningBeside(plan.paths)?.home ?? null);
  const ground = await prepareGround(parts);
  const servers = [planOpenSearch(plan, ground), planNats(plan, ground), planSimulator(plan)];
  await Promise.all(servers.map((server) => server !== null && startStep(parts, server)));

  await steps.take("indices and templates", "applying opensearch/", () => apply(parts, "opensearch"));
  await steps.take("streams and schedules", "applying nats/", () => apply(parts, "nats"));
  await startStep(parts, planGateway(plan));
  await startStep(parts, planFunctionTrigger(plan));
  const health = `${plan.urls.gateway}/health`;
  await steps.take("health", `waiting for ${health} to answer 200`, async () => {
    if (await waitUntil(() => answersOk(health), { deadlineMs: HEALTHY_WITHIN_MS, everyMs: 100, signal }))
      return;
    throw new PolytapeError(
      "operating",
      "not_healthy",
      `${health} did not answer 200: see ${plan.paths.logs}.`,
    );
  });
}

/** Finds the place of the servers' files and installs what they need. */
async function prepareGround({ plan, steps, signal, say }: StartParts): Promise<ServerGround> {
  const { repository, settings, paths, environment } = plan;
  const uid = serverUid(settings.POLYTAPE_SERVER_UID);
  const places = placeServers(paths.home, resolve(repository, settings.POLYTAPE_TOOLS), uid);
  if (places.note !== null) {
    say(places.note);
    await steps.take("folders", places.note, async () => {});
  }
  const tools = await steps.take(
    "tools",
    `looking for Java, OpenSearch and nats-server in ${places.tools}`,
    (note) => installTools({ repository, tools: places.tools, uid, environment, onProgress: note, signal }),
  );
  return { folder: places.servers, tools, uid };
}

function startStep({ steps, start }: StartParts, child: ChildPlan): Promise<void> {
  const waitsFor = child.url === null ? "starting its process" : `waiting for ${child.url}`;
  return steps.take(child.name, waitsFor, () => start(child));
}

function apply({ plan, signal }: StartParts, area: "opensearch" | "nats"): Promise<void> {
  return runToEnd(nodeProgram(plan, `${area}/dist/apply.cjs`), {
    name: `${area}/dist/apply.cjs`,
    logFile: plan.paths.log(`apply-${area}`),
    withinMs: APPLY_WITHIN_MS,
    signal,
  });
}

/** Every port that one of our own processes will listen on. */
function portsOf(plan: StackPlan): WantedPort[] {
  const { settings } = plan;
  const local = (variable: string, port: number, purpose: string) => ({
    ...{ variable, port, purpose, host: "127.0.0.1" },
  });
  return [
    {
      ...local("API_BIND_PORT", settings.API_BIND_PORT, "the gateway"),
      host: settings.API_BIND_HOST,
    },
    ...(settings.OPENSEARCH_URL === undefined
      ? [
          local("OPENSEARCH_PORT", settings.OPENSEARCH_PORT, "OpenSearch"),
          ...(settings.OPENSEARCH_TRANSPORT_PORT === undefined
            ? []
            : [
                local(
                  "OPENSEARCH_TRANSPORT_PORT",
                  settings.OPENSEARCH_TRANSPORT_PORT,
                  "OpenSearch's transport",
                ),
              ]),
        ]
      : []),
    ...(settings.NATS_URL === undefined ? [local("NATS_PORT", settings.NATS_PORT, "nats-server")] : []),
    ...(settings.SIMULATOR ? [local("SIMULATOR_PORT", settings.SIMULATOR_PORT, "the simulator")] : []),
  ];
}

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { issueKey, type KeyOrder } from "@polytape/api-access";
import { connectEventBus, type EventBus } from "@polytape/event-bus";
import { createLog } from "@polytape/function-runtime";
import { type RunningServer, startNats } from "@polytape/local";
import type { Gateway } from "@polytape/local/gateway";
import { buildGatewayPrograms, gatewayFixture } from "@polytape/local/gateway/testing";
import { byContractThroughGateway } from "@polytape/query-api/testing/contract";
import { inject, vi } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** The query function as it is deployed (its bundle, behind the gateway), and the command as it is shipped. */
export interface QueryApiDeployment {
  readonly gateway: Gateway;
  readonly nats: RunningServer;
  readonly bus: EventBus;
  /** Asks through the gateway. Every answer has passed what the OpenAPI document says of it. */
  ask(path: string, request?: RequestInit): Promise<Response>;
  /** A key that works already. */
  makeKey(order?: Partial<KeyOrder>): Promise<string>;
  /** Where the command's program lies. */
  readonly program: string;
  /** All that the function (its earlier log too), the gateway and NATS have written, by name. */
  logs(): ReadonlyMap<string, string>;
  /** Ends the function as the platform does; the bus stays. */
  stopFunction(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a deployment of its own over the shared store, under an index prefix. Ready when keys are read. */
export async function deployQueryApi(indexPrefix: string): Promise<QueryApiDeployment> {
  const nats = await startNats();
  const programs = await buildGatewayPrograms();
  const environment = {
    RAW_BODY: "true",
    NODE_ENV: "production",
    NATS_URL: nats.url,
    OPENSEARCH_URL: inject("openSearchUrl"),
    OPENSEARCH_INDEX_PREFIX: indexPrefix,
    API_RATE_RPS: "1000",
  };
  const gatewayLines: string[] = [];
  const fixture = gatewayFixture(
    { "query-api": { handler: "", environment } },
    { hostProgram: programs.functionHost, log: createLog("gateway", (line) => gatewayLines.push(line)) },
  );
  const programFolder = mkdtempSync(join(tmpdir(), "polytape-command-"));
  await bundle("functions/query-api", join(fixture.folder, "query-api"));
  await bundle("cli", programFolder);
  const gateway = await fixture.start();
  const bus = await connectEventBus({ url: nats.url, clientName: "tests" });
  await vi.waitUntil(async () => (await fetch(`${gateway.url}/v1/me`)).status === 401, {
    timeout: 20_000,
    interval: 50,
  });
  const ask = async (path: string, request?: RequestInit) =>
    byContractThroughGateway(
      { path, method: request?.method },
      await fetch(`${gateway.url}${path}`, request),
    );
  let stopped: Promise<void> | null = null;
  const stopFunction = () => {
    stopped ??= gateway.close();
    return stopped;
  };
  return {
    gateway,
    nats,
    bus,
    ask,
    async makeKey(order) {
      const bucket = await bus.bucket("api_keys");
      const { key } = await issueKey(
        bucket,
        { plan: "weekly", ...order },
        { nowMs: Date.now(), randomBytes },
      );
      await vi.waitUntil(
        async () => (await ask("/v1/me", { headers: { "x-api-key": key } })).status === 200,
        {
          timeout: 10_000,
          interval: 20,
        },
      );
      return key;
    },
    program: join(programFolder, "polytape.cjs"),
    logs: () =>
      new Map([
        ["gateway", gatewayLines.join("\n")],
        ...filesOf(join(fixture.options.home, "logs")),
        ...filesOf(nats.home).filter(([name]) => name.includes(".log")),
      ]),
    stopFunction,
    async close() {
      await bus.close();
      await stopFunction();
      await nats.stop();
      fixture.remove();
      programs.remove();
      rmSync(programFolder, { recursive: true, force: true });
    },
  };
}

function filesOf(folder: string): [name: string, text: string][] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => [name, readFileSync(join(folder, name), "utf8")]);
}

/** By the workspace's own configuration: what lies in `dist` may be of yesterday. */
async function bundle(workspace: string, outDir: string): Promise<void> {
  await run(join(ROOT, "node_modules/.bin/tsup"), ["--out-dir", outDir], { cwd: join(ROOT, workspace) });
}

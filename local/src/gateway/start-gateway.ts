import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { createLog, type Log, readSecret } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { answerRequest } from "./calls/answer-request.ts";
import type { Credentials } from "./calls/answer-system.ts";
import { endLeftovers, processRecord, writeProcessRecord } from "./functions/process-record.ts";
import { type RunningFunction, runFunction } from "./functions/run-function.ts";
import { type StagedFunction, stageFunctions } from "./functions/stage-function.ts";
import { readStack } from "./stack/read-stack.ts";

export interface GatewayOptions {
  readonly stackFiles: readonly string[];
  /** Replaces the variables of the stack files; functions see only what those files then say. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Holds `run/` and `logs/`. */
  readonly home: string;
  /** One file per secret; `basic-auth-user` and `basic-auth-password` are the gateway's own. */
  readonly secretsFolder: string;
  /** The built `function-host.cjs`. */
  readonly hostProgram: string;
  /** How long calls in flight may still take when the gateway stops. */
  readonly drainMs?: number;
  readonly log?: Log;
}

export interface Gateway {
  readonly url: string;
  /** Name → process id, of the functions that have a process at this moment. */
  functionPids(): Record<string, number>;
  /** Takes no new calls, lets those in flight finish, ends all processes. */
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;
/** For a process whose calls are done already. */
const PROCESS_GRACE_MS = 2_000;
const CONNECTIONS_MAX = 1_024;
/** Longer than the pauses between ticks, so that whoever triggers functions keeps its connections. */
const IDLE_CONNECTION_MS = 60_000;

/**
 * Deploys the functions of the stack files and serves them the way OpenFaaS does. Settles when the gateway
 * listens and every function listens too or has failed its first start (it is tried again, while the
 * others run).
 *
 * Throws PolytapeError `stack_invalid`, `deployment_invalid` or `credentials_missing` before anything is
 * started, `port_unavailable` when the address cannot be had.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const runFolder = resolve(options.home, "run");
  const logsFolder = resolve(options.home, "logs");
  const specs = readStack(options.stackFiles, options.environment);
  const credentials = readCredentials(options.secretsFolder);
  for (const folder of [runFolder, logsFolder]) mkdirSync(folder, { recursive: true, mode: 0o700 });

  const functions = new Map<string, RunningFunction>();
  const server = createServer((request, response) =>
    answerRequest(request, response, functions, credentials),
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.keepAliveTimeout = IDLE_CONNECTION_MS;
  // Before anything in the run folder is touched: a copy that runs already has the port.
  await listen(server, options);
  try {
    endLeftovers(runFolder);
    const staged = stageFunctions(specs, { run: runFolder, secrets: options.secretsFolder });
    runAll(staged, functions, { ...options, runFolder, logsFolder });
  } catch (error) {
    server.close();
    throw error;
  }
  await Promise.all([...functions.values()].map((each) => each.attempted));

  return {
    url: urlOf(server, options.host),
    functionPids: () => pidsOf(functions),
    async close() {
      await drain(server, options.drainMs ?? DRAIN_MS);
      await Promise.all([...functions.values()].map((each) => each.stop(PROCESS_GRACE_MS)));
    },
  };
}

function runAll(
  staged: readonly StagedFunction[],
  functions: Map<string, RunningFunction>,
  options: GatewayOptions & { runFolder: string; logsFolder: string },
): void {
  const runner = {
    hostProgram: resolve(options.hostProgram),
    surroundings: options.environment,
    logsFolder: options.logsFolder,
    log: options.log ?? createLog("gateway"),
    changed: () => writeProcessRecord(options.runFolder, processRecord(functions)),
  };
  for (const each of staged) functions.set(each.spec.name, runFunction(each, runner));
  runner.changed();
}

function pidsOf(functions: ReadonlyMap<string, RunningFunction>): Record<string, number> {
  const pids: Record<string, number> = {};
  for (const [name, each] of functions) {
    const pid = each.pid();
    if (pid !== null) pids[name] = pid;
  }
  return pids;
}

function readCredentials(folder: string): Credentials {
  const user = readSecret("basic-auth-user", folder);
  const password = readSecret("basic-auth-password", folder);
  if (user && password) return { user, password };
  throw new PolytapeError(
    "input",
    "credentials_missing",
    `The gateway needs the secrets basic-auth-user and basic-auth-password in ${join(folder)}.`,
  );
}

function listen(server: Server, { host, port }: GatewayOptions): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", (cause) =>
      fail(
        new PolytapeError("operating", "port_unavailable", `The gateway cannot listen on ${host}:${port}.`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, done);
  });
}

/** Keeps to calls in flight; connections that only wait are closed, and whatever outlasts the time too. */
async function drain(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  const closeIdle = setInterval(() => server.closeIdleConnections(), 20);
  const cutOff = setTimeout(() => server.closeAllConnections(), drainMs);
  server.closeIdleConnections();
  await closed;
  clearInterval(closeIdle);
  clearTimeout(cutOff);
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

import type { ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { installTools, type Tools } from "../install-tools.ts";
import { findFreePorts } from "../ports.ts";
import { identify } from "../processes/identity.ts";
import { type Command, launch } from "../processes/launch.ts";
import { lastLines } from "../processes/log-file.ts";
import { killGroup, stopProcess } from "../processes/stop-process.ts";
import { waitUntil } from "../processes/wait-until.ts";
import { findRepository } from "../repository.ts";
import { natsIsReady, prepareNats } from "./nats-server.ts";
import { openSearchIsReady, prepareOpenSearch } from "./opensearch-server.ts";
import { placeServers, serverUid } from "./server-user.ts";

/** A server that a test or a benchmark has for itself. It ends with the process that started it. */
export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  /** Its folder; a later start on it finds the data again. */
  readonly home: string;
  /** Ends it in peace; removes the folder if this start made it, or an earlier one that was killed. */
  stop(): Promise<void>;
  /** SIGKILL; returns when the process is gone. The folder stays. */
  kill(): Promise<void>;
}

/**
 * Halves the work of a start, because Java then compiles everything once and lightly. For tests, which start
 * servers often and ask little of them; never for a benchmark.
 */
export const QUICK_JAVA = ["-XX:TieredStopAtLevel=1"] as const;

export interface OpenSearchOptions {
  readonly home?: string;
  readonly port?: number;
  /** As Java takes it; default 512m. */
  readonly heap?: string;
  /** More options for Java, such as QUICK_JAVA. */
  readonly javaOptions?: readonly string[];
}

export interface NatsOptions {
  readonly home?: string;
  readonly port?: number;
  readonly login?: { readonly user: string; readonly password: string };
  /** More of its configuration, such as accounts in place of a login. */
  readonly configuration?: string;
  /** See NATS_SYNC; default `always`. */
  readonly sync?: string;
}

/** Marks a folder that goes with the last server on it. */
const TEMPORARY = ".temporary";
const OPENSEARCH_READY_MS = 120_000;
const NATS_READY_MS = 20_000;

/** Starts one OpenSearch on loopback, by default on free ports with a fresh folder. Ready when it returns. */
export async function startOpenSearch(options: OpenSearchOptions = {}): Promise<RunningServer> {
  const { folder, tools, uid } = await place(options.home);
  const [freePort = 0, transport = 0] = await findFreePorts(2);
  const port = options.port ?? freePort;
  const heap = options.heap ?? "512m";
  const server = {
    folder: join(folder, "opensearch"),
    httpPort: port,
    transportPort: String(transport),
    heap,
    javaOptions: options.javaOptions ?? [],
    uid,
    home: folder,
  };
  const url = `http://127.0.0.1:${port}`;
  return run(prepareOpenSearch(server, tools), {
    name: "opensearch",
    url,
    port,
    folder,
    isReady: () => openSearchIsReady(url),
    readyMs: OPENSEARCH_READY_MS,
  });
}

/** Starts one nats-server with JetStream on loopback, by default on a free port with a fresh folder. */
export async function startNats(options: NatsOptions = {}): Promise<RunningServer> {
  const { folder, tools, uid } = await place(options.home);
  const port = options.port ?? (await findFreePorts(1))[0] ?? 0;
  const login = options.login ?? null;
  const sync = options.sync ?? "always";
  const { configuration } = options;
  const server = { folder: join(folder, "nats"), port, login, sync, configuration, uid, home: folder };
  return run(prepareNats(server, tools), {
    name: "nats",
    url: `nats://127.0.0.1:${port}`,
    port,
    folder,
    isReady: () => natsIsReady(port),
    readyMs: NATS_READY_MS,
  });
}

async function place(
  home: string | undefined,
): Promise<{ folder: string; tools: Tools; uid: number | null }> {
  const environment = readEnvironment();
  const repository = findRepository();
  const uid = serverUid();
  const wanted = home ?? mkdtempSync(join(tmpdir(), "polytape-"));
  if (home === undefined) {
    chmodSync(wanted, 0o711);
    writeFileSync(join(wanted, TEMPORARY), "");
  }
  const places = placeServers(wanted, environment["POLYTAPE_TOOLS"] || join(repository, ".tools"), uid);
  const tools = await installTools({ repository, tools: places.tools, uid, environment });
  return { folder: places.servers, tools, uid };
}

interface RunPlan {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly isReady: () => Promise<boolean>;
  readonly readyMs: number;
}

async function run(command: Command, plan: RunPlan): Promise<RunningServer> {
  const logFile = join(plan.folder, `${plan.name}.log`);
  const child = launch(command, { logFile, whenParentEnds: "KILL" });
  const process = identify(child.pid ?? 0);
  if (process === null) throw failed(plan, logFile);
  const isReady = await waitUntil(async () => hasEnded(child) || (await plan.isReady()), {
    deadlineMs: plan.readyMs,
  });
  if (!isReady || hasEnded(child)) {
    await killGroup(process);
    throw failed(plan, logFile);
  }
  return {
    url: plan.url,
    pid: process.pid,
    port: plan.port,
    home: plan.folder,
    async stop() {
      await stopProcess(process, 30_000);
      if (existsSync(join(plan.folder, TEMPORARY))) rmSync(plan.folder, { recursive: true, force: true });
    },
    kill: () => killGroup(process),
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function failed({ name, readyMs }: RunPlan, logFile: string): PolytapeError {
  return new PolytapeError(
    "operating",
    "server_not_started",
    `${name} did not start within ${readyMs / 1000} s:\n${lastLines(logFile, 10)}`,
  );
}

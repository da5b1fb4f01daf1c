import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { down } from "./commands/down.ts";
import { followStart, startSupervisor } from "./commands/start-supervisor.ts";
import { findFreePorts } from "./ports.ts";
import { isAlive } from "./processes/identity.ts";
import { findRepository } from "./repository.ts";
import { planStack, type StackUrls } from "./stack-plan.ts";
import { type ChildName, type ChildRecord, readChildRecord } from "./supervisor/records.ts";

export interface StackOptions {
  /** Default: a fresh folder, removed at the end. A later start on the same folder finds the data again. */
  readonly home?: string;
  /** Settings as in the env file; they win over what is chosen here (free ports, a small heap). */
  readonly settings?: Readonly<Record<string, string>>;
  /** Starts the simulator in Polymarket's place. */
  readonly simulator?: {
    readonly seed?: number;
    readonly recordings?: string;
    readonly args?: readonly string[];
  };
  readonly tell?: (line: string) => void;
}

export interface RunningStack {
  readonly urls: StackUrls;
  readonly home: string;
  readonly secrets: {
    readonly basicAuthUser: string;
    readonly basicAuthPassword: string;
    readonly natsPassword: string;
  };
  /** What the stack's programs are told in their environment: enough for the command line to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The record of a process, read anew; null before its first start. */
  process(name: ChildName): ChildRecord | null;
  /** Process ids by name, of what lives now. */
  pids(): Partial<Record<ChildName, number>>;
  /** Takes everything down; removes the home if the start made it. */
  stop(): Promise<void>;
}

/**
 * Starts the whole stack, built bundles and all, in a home and on ports of its own, untouched by the operator's
 * env file. Returns when `/health` answers 200. It ends with the process that started it.
 *
 * Throws `start_failed` (operating) with the reason; then nothing is left running.
 */
export async function startStack(options: StackOptions = {}): Promise<RunningStack> {
  const repository = findRepository();
  const home = options.home ?? mkdtempSync(join(tmpdir(), "polytape-stack-"));
  const variables = {
    ...surroundings(),
    ...(await choices(options)),
    POLYTAPE_HOME: home,
    ...options.settings,
  };
  const plan = planStack(repository, variables);
  const stop = async () => {
    await down(plan.paths, () => {});
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  };
  try {
    await followStart(plan, startSupervisor(plan, variables, "TERM"), options.tell ?? (() => {}));
  } catch (error) {
    await stop();
    throw new PolytapeError("operating", "start_failed", "The stack did not start.", { cause: error });
  }
  const process = (name: ChildName) => readChildRecord(plan.paths.run, name);
  return {
    urls: plan.urls,
    home: plan.paths.home,
    secrets: plan.secrets,
    environment: plan.decided,
    process,
    pids: () =>
      Object.fromEntries(
        NAMES.flatMap((name) => {
          const identity = process(name)?.process ?? null;
          return identity !== null && isAlive(identity) ? [[name, identity.pid]] : [];
        }),
      ),
    stop,
  };
}

const NAMES: readonly ChildName[] = ["opensearch", "nats", "simulator", "gateway", "function-trigger"];

/** What a program needs to run here; settings of the operator's own copy stay out. */
function surroundings(): Record<string, string> {
  const wanted =
    /^(PATH|HOME|LANG|TZ|TMPDIR|JAVA_HOME|POLYTAPE_TOOLS|GO.*|NODE_EXTRA_CA_CERTS|.*_PROXY|.*_proxy)$/;
  return Object.fromEntries(
    Object.entries(readEnvironment()).flatMap(([name, text]) =>
      text && wanted.test(name) ? [[name, text]] : [],
    ),
  );
}

async function choices({ simulator }: StackOptions): Promise<Record<string, string>> {
  const [api = 0, search = 0, transport = 0, nats = 0, upstream = 0] = await findFreePorts(5);
  return {
    POLYTAPE_ENV_FILE: "/dev/null",
    API_BIND_PORT: String(api),
    OPENSEARCH_PORT: String(search),
    OPENSEARCH_TRANSPORT_PORT: String(transport),
    NATS_PORT: String(nats),
    SIMULATOR_PORT: String(upstream),
    ...(simulator !== undefined && {
      SIMULATOR: "true",
      SIMULATOR_SEED: String(simulator.seed ?? 1),
      SIMULATOR_RECORDINGS: simulator.recordings ?? "",
      SIMULATOR_ARGS: simulator.args?.join(" ") ?? "",
    }),
  };
}

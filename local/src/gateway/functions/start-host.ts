import { type ChildProcess, spawn } from "node:child_process";
import { Agent } from "node:http";
import { dirname } from "node:path";
import type { Writable } from "node:stream";
import { z } from "zod";
import { processEnvironment } from "./process-environment.ts";
import type { StagedFunction } from "./stage-function.ts";

/** Where a function's process listens, and the connections kept to it. */
export interface Endpoint {
  readonly port: number;
  readonly agent: Agent;
}

export interface Host {
  readonly pid: number | null;
  /** Null before the function listens, while it drains, and after it has ended. */
  endpoint(): Endpoint | null;
  /** Ends the process: asks first, kills after the given time; settles when it is gone. */
  stop(graceMs: number): Promise<void>;
}

export interface HostParts {
  /** The built program of `function-host.ts`. */
  readonly hostProgram: string;
  readonly surroundings: Readonly<Record<string, string | undefined>>;
  readonly output: Writable;
  readonly listening: () => void;
  /** The exit code, or the signal that ended it, or why it could not be started. */
  readonly ended: (how: string) => void;
}

/** Sockets to one function; calls beyond wait in line for as long as `exec_timeout` lets them. */
const SOCKETS_MAX = 256;

const hostMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("listening"), port: z.number().int().positive() }),
  z.object({ kind: z.literal("draining") }),
]);

/** Starts one process for a function; it ends by itself when its channel to this process closes. */
export function startHost(staged: StagedFunction, parts: HostParts): Host {
  let endpoint: Endpoint | null = null;
  const child = spawnHost(staged, parts);
  child.stdout?.pipe(parts.output, { end: false });
  child.stderr?.pipe(parts.output, { end: false });

  function forgetEndpoint(): void {
    endpoint?.agent.destroy();
    endpoint = null;
  }
  child.on("message", (message) => {
    const { data } = hostMessage.safeParse(message);
    if (data?.kind === "draining") forgetEndpoint();
    if (data?.kind !== "listening") return;
    endpoint = { port: data.port, agent: keptConnections() };
    parts.listening();
  });
  const gone = new Promise<void>((resolve) => {
    const end = (how: string) => {
      forgetEndpoint();
      resolve();
      parts.ended(how);
    };
    child.once("exit", (code, signal) => end(signal ?? String(code)));
    child.once("error", (error) => {
      if (child.pid === undefined) end(error.message);
    });
  });

  return {
    pid: child.pid ?? null,
    endpoint: () => endpoint,
    async stop(graceMs) {
      child.kill("SIGTERM");
      const kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await gone;
      clearTimeout(kill);
    },
  };
}

/** In a session of its own, so that Ctrl-C in a terminal reaches only the gateway, which then drains. */
function spawnHost({ spec, bundleFolder, secretsFolder }: StagedFunction, parts: HostParts): ChildProcess {
  const bodies = {
    raw: spec.environment["RAW_BODY"] === "true",
    rawSizeMax: spec.environment["MAX_RAW_SIZE"] || undefined,
    jsonSizeMax: spec.environment["MAX_JSON_SIZE"] || undefined,
  };
  return spawn(process.execPath, [parts.hostProgram, bundleFolder, JSON.stringify(bodies)], {
    cwd: dirname(bundleFolder),
    env: processEnvironment(spec, secretsFolder, parts.surroundings),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
  });
}

/** The last used connection first: the few that are in use stay warm, the others are not kept busy. */
function keptConnections(): Agent {
  return new Agent({
    keepAlive: true,
    scheduling: "lifo",
    maxSockets: SOCKETS_MAX,
    maxFreeSockets: SOCKETS_MAX,
  });
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import { findFreePorts } from "@polytape/local";
import { vi } from "vitest";

/** Null without Caddy on this machine: nothing here installs it, because its package starts a web server at once. */
export const caddyVersion = versionOf(spawnSync("caddy", ["version"], { encoding: "utf8" }).stdout);

/** `v2.8.4 h1:…` or `2.6.2`, as one number that grows: 2.08. */
function versionOf(said: string | null): number | null {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(said ?? "") ?? [];
  return major === undefined ? null : Number(major) + Number(minor) / 100;
}

export interface Edge {
  readonly url: string;
  /** All that Caddy has written, its access log included. */
  log(): string;
  /** A request with its path as it stands: `fetch` cleans paths before it sends them. */
  status(path: string, headers?: Record<string, string>): Promise<number>;
  close(): Promise<void>;
}

/** The project's Caddyfile on a port of loopback, without TLS, in front of what listens at `gateway` (host:port). */
export async function anEdge(gateway: string): Promise<Edge> {
  const [port = 0] = await findFreePorts(1);
  const home = mkdtempSync(join(tmpdir(), "edge-"));
  const config = join(home, "Caddyfile");
  const caddyfile = readFileSync(new URL("../../deploy/Caddyfile", import.meta.url), "utf8");
  // The address of administration is one for the whole machine.
  writeFileSync(config, caddyfile.replace(/^\{$/m, "{\n\tadmin off"));
  const url = `http://127.0.0.1:${port}`;
  const child = spawn("caddy", ["run", "--adapter", "caddyfile", "--config", config], {
    env: {
      ...{ PATH: readEnvironment()["PATH"], HOME: home },
      ...{ POLYTAPE_DOMAIN: url, OPENFAAS_GATEWAY: gateway },
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => written.push(chunk));
  const log = () => Buffer.concat(written).toString("utf8");
  const isUp = () =>
    fetch(`${url}/nothing`).then(
      () => true,
      () => false,
    );
  await vi.waitUntil(isUp, { timeout: 10_000, interval: 50 }).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw new Error(`Caddy does not start: ${log()}`, { cause: error });
  });
  return {
    url,
    log,
    status: (path, headers = {}) =>
      new Promise((resolve, reject) => {
        const asking = request({ host: "127.0.0.1", port, path, headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        asking.once("error", reject).end();
      }),
    async close() {
      await ended(child);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

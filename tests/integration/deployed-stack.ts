import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readEnvironment } from "@polytape/function-runtime";
import { readStack } from "@polytape/local/gateway";
import { buildGatewayPrograms } from "@polytape/local/gateway/testing";
import { vi } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const stackSchema = z.looseObject({
  functions: z.record(z.string(), z.looseObject({ environment: z.record(z.string(), z.unknown()) })),
});
const recordSchema = z.record(z.string(), z.object({ pid: z.number().nullable() }));

/** Every function of stack.yml, by name. */
export const functionNames = readStack([join(ROOT, "stack.yml")], {}).map(({ name }) => name);

/** The bundles and programs of a deployment, built once for several. */
export interface StackBuild {
  readonly folder: string;
  /** The built program of function-trigger. */
  readonly triggerProgram: string;
  /** Starts the gateway, a process of its own, with the functions of stack.yml. Ready when it listens. */
  deploy(name: string, parts: DeployParts): Promise<Deployment>;
  remove(): void;
}

export interface DeployParts {
  /** What stack.yml is filled in with. */
  readonly environment: Readonly<Record<string, string>>;
  /** Name of the file → its text. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface Deployment {
  readonly url: string;
  readonly pid: number;
  /** Holds `logs/` and, of what was deployed, `run/`. */
  readonly home: string;
  readonly secretsFolder: string;
  functionPids(): (number | null)[];
  close(): Promise<void>;
}

/** Builds stack.yml as it stands, with more options for every function's Node. */
export async function buildStack(nodeOptions: string): Promise<StackBuild> {
  const folder = mkdtempSync(join(tmpdir(), "polytape-stack-"));
  const stack = stackSchema.parse(parse(readFileSync(join(ROOT, "stack.yml"), "utf8")));
  for (const { environment } of Object.values(stack.functions))
    environment["NODE_OPTIONS"] = `${environment["NODE_OPTIONS"] ?? ""} ${nodeOptions}`.trim();
  // JSON is YAML too.
  writeFileSync(join(folder, "stack.yml"), JSON.stringify(stack));
  for (const name of functionNames)
    await bundle(`functions/${name}`, join(folder, "functions", name, "dist"));
  await bundle("services/function-trigger", join(folder, "trigger"));
  const programs = await buildGatewayPrograms();

  return {
    folder,
    triggerProgram: join(folder, "trigger", "function-trigger.cjs"),
    deploy: (name, parts) => startDeployment(programs.gateway, folder, join(folder, name), parts),
    remove() {
      programs.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startDeployment(
  program: string,
  folder: string,
  home: string,
  { environment, secrets }: DeployParts,
): Promise<Deployment> {
  const secretsFolder = join(home, "secrets");
  mkdirSync(secretsFolder, { recursive: true });
  mkdirSync(join(home, "logs"));
  for (const [name, text] of Object.entries(secrets)) writeFileSync(join(secretsFolder, name), text);
  const child = spawn(process.execPath, [program], {
    cwd: folder,
    env: {
      PATH: readEnvironment()["PATH"],
      ...environment,
      API_BIND_PORT: "0",
      POLYTAPE_HOME: home,
      SECRETS_FOLDER: secretsFolder,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => {
      said += text;
      writeFileSync(join(home, "logs", "gateway.log"), said);
    });
  const url = await vi.waitUntil(() => /gateway listens url=(\S+)/.exec(said)?.[1] ?? child.exitCode, {
    timeout: 60_000,
  });
  if (typeof url !== "string" || child.pid === undefined) throw new Error(`the gateway ended: ${said}`);

  return {
    url,
    pid: child.pid,
    home,
    secretsFolder,
    functionPids() {
      const record = JSON.parse(readFileSync(join(home, "run", "functions.json"), "utf8"));
      return Object.values(recordSchema.parse(record)).map(({ pid }) => pid);
    },
    async close() {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** By the workspace's own configuration: what lies in `dist` may be of yesterday. */
async function bundle(workspace: string, outDir: string): Promise<void> {
  await run(join(ROOT, "node_modules/.bin/tsup"), ["--out-dir", outDir], { cwd: join(ROOT, workspace) });
}

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Gateway, type GatewayOptions, startGateway } from "./start-gateway.ts";

export interface FixtureFunction {
  /** The source of `handler.js`. */
  readonly handler: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly memory?: string;
}

export interface GatewayFixture {
  readonly folder: string;
  readonly options: GatewayOptions;
  start(): Promise<Gateway>;
  remove(): void;
}

export const CREDENTIALS = { user: "admin", password: "swordfish" };

/** Writes functions, their stack file and the secrets into a folder of its own, ready for `start`. */
export function gatewayFixture(
  functions: Readonly<Record<string, FixtureFunction>>,
  changes: Partial<GatewayOptions> & { hostProgram: string },
): GatewayFixture {
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  const secretsFolder = join(folder, "secrets");
  writeFile(join(secretsFolder, "basic-auth-user"), CREDENTIALS.user);
  writeFile(join(secretsFolder, "basic-auth-password"), `${CREDENTIALS.password}\n`);
  for (const [name, each] of Object.entries(functions)) {
    writeFile(join(folder, name, "handler.js"), each.handler);
  }
  writeFile(join(folder, "stack.yml"), JSON.stringify({ version: "1.0", functions: stackOf(functions) }));
  const options: GatewayOptions = {
    stackFiles: [join(folder, "stack.yml")],
    environment: {},
    host: "127.0.0.1",
    port: 0,
    home: join(folder, "home"),
    secretsFolder,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    ...changes,
  };
  return {
    folder,
    options,
    start: () => startGateway(options),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

export interface GatewayPrograms {
  readonly gateway: string;
  readonly functionHost: string;
  remove(): void;
}

/** Builds the gateway's two programs as `make build` does, into a folder of their own. */
export async function buildGatewayPrograms(): Promise<GatewayPrograms> {
  const outDir = mkdtempSync(join(tmpdir(), "gateway-programs-"));
  const workspace = fileURLToPath(new URL("../..", import.meta.url));
  const tsup = join(workspace, "../node_modules/.bin/tsup");
  await promisify(execFile)(tsup, ["--out-dir", outDir], { cwd: workspace });
  return {
    gateway: join(outDir, "gateway.cjs"),
    functionHost: join(outDir, "function-host.cjs"),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}

/** Written as JSON, which is YAML too. */
function stackOf(functions: Readonly<Record<string, FixtureFunction>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, { environment, annotations, secrets, memory }]) => [
      name,
      {
        lang: "node20",
        handler: `./${name}`,
        image: `fixture/${name}:latest`,
        environment,
        annotations,
        secrets,
        limits: memory === undefined ? undefined : { memory },
      },
    ]),
  );
}

function writeFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PolytapeError } from "@polytape/market-model";
import type { FunctionSpec } from "../stack/read-stack.ts";

/** A function as it lies on the disk, ready to be started. */
export interface StagedFunction {
  readonly spec: FunctionSpec;
  /** A copy of the bundle's folder: what a container image would hold. */
  readonly bundleFolder: string;
  /** Holds the secrets that the function lists, and no others. */
  readonly secretsFolder: string;
}

/** The build skips folders of these names. */
const SKIPPED_FOLDERS = new Set(["build", "template"]);

/**
 * Copies every bundle and its secrets under the run folder, so that a function sees what an image would
 * hold, and a new build changes nothing before the next deployment.
 *
 * Throws PolytapeError `deployment_invalid` (kind input) that names all missing bundles and secrets.
 */
export function stageFunctions(
  specs: readonly FunctionSpec[],
  folders: { run: string; secrets: string },
): StagedFunction[] {
  const faults = specs.flatMap((spec) => faultsOf(spec, folders.secrets));
  if (faults.length > 0) {
    throw new PolytapeError(
      "input",
      "deployment_invalid",
      `The stack cannot be deployed: ${faults.join("; ")}`,
      { facts: { faults } },
    );
  }
  return specs.map((spec) => stageFunction(spec, folders));
}

function faultsOf(spec: FunctionSpec, secretsFolder: string): string[] {
  const bundle = join(spec.handlerFolder, "handler.js");
  const missing = spec.secrets.filter((name) => !existsSync(join(secretsFolder, name)));
  return [
    ...(existsSync(bundle) ? [] : [`${bundle} is missing (make build makes it)`]),
    ...missing.map((name) => `the secret ${name} of ${spec.name} is missing in ${secretsFolder}`),
  ];
}

function stageFunction(spec: FunctionSpec, folders: { run: string; secrets: string }): StagedFunction {
  const folder = join(folders.run, spec.name);
  rmSync(folder, { recursive: true, force: true });
  const bundleFolder = join(folder, "function");
  const secretsFolder = join(folder, "secrets");

  cpSync(spec.handlerFolder, bundleFolder, {
    recursive: true,
    dereference: true,
    filter: (source) => !SKIPPED_FOLDERS.has(basename(source)) || source === spec.handlerFolder,
  });
  // The template brings a package.json of its own, in which nothing says "type": "module".
  const packageFile = join(bundleFolder, "package.json");
  if (!existsSync(packageFile)) writeFileSync(packageFile, `{"name": "function", "main": "handler.js"}\n`);

  mkdirSync(secretsFolder, { mode: 0o700 });
  for (const name of spec.secrets) {
    writeFileSync(join(secretsFolder, name), readFileSync(join(folders.secrets, name)), { mode: 0o600 });
  }
  return { spec, bundleFolder, secretsFolder };
}

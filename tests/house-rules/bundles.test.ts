import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isSecretName, secretChoice, secretFileName } from "@polytape/function-runtime";
import { readStack } from "@polytape/local/gateway";
import { buildGatewayPrograms, gatewayFixture } from "@polytape/local/gateway/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { ROOT } from "./repository.ts";

/** What every deployed function must be, because the platform finds out only when it is too late. */
const run = promisify(execFile);
const stack = readStack([join(ROOT, "stack.yml")], {});

/** Read by the template and the watchdog, not by a function's own settings. */
const OF_THE_PLATFORM = [
  "MAX_JSON_SIZE",
  "MAX_RAW_SIZE",
  "NODE_ENV",
  "NODE_OPTIONS",
  "RAW_BODY",
  "exec_timeout",
  "max_inflight",
  "read_timeout",
  "write_timeout",
];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bundles-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the folders of functions/ are the functions of stack.yml", () => {
  const folders = readdirSync(join(ROOT, "functions"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  expect(stack.map(({ name }) => name).sort()).toEqual(folders.sort());
});

describe.each(stack)("$name", ({ name, handlerFolder, environment, secrets }) => {
  test("is deployed from the dist folder of the folder that has its name", () => {
    expect(handlerFolder).toBe(join(ROOT, "functions", name, "dist"));
  });

  // Outside the repository, so that a package which is not in the bundle is missed.
  test("is one file beside its package.json, loads as the template loads it, and is a function", async () => {
    const bundle = join(folder, name);
    await buildBundle(name, bundle);
    const loaded = `const handler = require("./handler"); console.log(typeof handler); process.exit(0);`;

    const { stdout } = await run(process.execPath, ["-e", loaded], { cwd: bundle, env: environment });

    expect(readdirSync(bundle).sort()).toEqual(["handler.js", "package.json"]);
    expect(stdout.trim().split("\n").at(-1)).toBe("function");
  });

  test("finds every setting that it cannot do without in stack.yml", async () => {
    const shape = await settingsOf(name);
    const required = Object.keys(shape).filter((key) => !shape[key]?.safeParse(undefined).success);

    expect(Object.keys(environment)).toEqual(
      expect.arrayContaining(required.filter((key) => !isSecretName(key))),
    );
    expect(secrets).toEqual(expect.arrayContaining(secretsOf(required)));
  });

  test("lists the secrets that its settings name, and no others", async () => {
    expect([...secrets].sort()).toEqual(secretsOf(Object.keys(await settingsOf(name))).sort());
  });

  test("is given no setting that nobody reads", async () => {
    const settings = Object.keys(await settingsOf(name));
    const known = [...OF_THE_PLATFORM, ...settings, ...settings.filter(isSecretName).map(secretChoice)];

    expect(Object.keys(environment).filter((key) => !known.includes(key))).toEqual([]);
  });
});

test("a job that throws is answered with 500 by the runtime, not with the template's 200", async () => {
  const programs = await buildGatewayPrograms();
  const fixture = gatewayFixture({ "throwing-job": { handler: "" } }, { hostProgram: programs.functionHost });
  const source = join(ROOT, "tests/house-rules/throwing-job.ts");
  await buildBundle("ingest-trades", join(fixture.folder, "throwing-job"), ["--entry.handler", source]);
  const gateway = await fixture.start();
  onTestFinished(async () => {
    await gateway.close();
    fixture.remove();
    programs.remove();
  });

  const response = await fetch(`${gateway.url}/function/throwing-job`, { method: "POST" });

  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    function: "throwing-job",
    error: { code: "unexpected", message: expect.not.stringContaining("the job is broken") },
  });
});

/** By the function's own configuration, into another folder: what lies in `dist` may be of yesterday. */
async function buildBundle(name: string, outDir: string, more: readonly string[] = []): Promise<void> {
  const tsup = join(ROOT, "node_modules/.bin/tsup");
  await run(tsup, ["--out-dir", outDir, ...more], { cwd: join(ROOT, "functions", name) });
}

/** The keys of the function's settings: its one exported zod object. */
async function settingsOf(name: string): Promise<Record<string, z.ZodType>> {
  const exported: Record<string, unknown> = await import(join(ROOT, "functions", name, "settings.ts"));
  const schemas = Object.values(exported).filter((value) => value instanceof z.ZodObject);
  expect(schemas).toHaveLength(1);
  return schemas[0]?.shape ?? {};
}

function secretsOf(keys: readonly string[]): string[] {
  return keys.filter(isSecretName).map(secretFileName);
}

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ROOT, textOf } from "./repository.ts";

/** compose.yaml, as far as it can be known without Docker. */
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "compose-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly command?: readonly string[];
}

const text = textOf("compose.yaml");
const services: Readonly<Record<string, Service>> = parse(text, { merge: true }).services;
const all = Object.values(services);
/** What one `.env` may hold; which file that is, is said elsewhere. */
const settings = [...textOf(".env.example").matchAll(/^#([A-Z][A-Z_]+)=/gm)]
  .map(([, name]) => name ?? "")
  .filter((name) => name !== "POLYTAPE_ENV_FILE");

test("uses only variables that .env.example explains", () => {
  const used = [...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name ?? "");

  expect(used.filter((name) => !settings.includes(name))).toEqual([]);
  expect(used.length).toBeGreaterThan(5);
});

test("binds paths that exist, runs programs that a workspace builds, and opens ports on loopback only", () => {
  const bound = all
    .flatMap(({ volumes }) => volumes ?? [])
    .map((volume) => volume.split(":")[0] ?? "")
    .filter((source) => source.startsWith("."));
  const programs = all
    .flatMap(({ command }) => command ?? [])
    .filter((word) => /^[a-z-]+\/.*\.(cjs|sh)$/.test(word));
  const ports = all.flatMap(({ ports }) => ports ?? []);
  const isThere = (path: string) => existsSync(join(ROOT, path.replace(/\/dist(\/.*)?$/, "/tsup.config.ts")));

  expect([...bound, ...programs].filter((path) => !isThere(path))).toEqual([]);
  for (const found of [bound, programs, ports]) expect(found.length).toBeGreaterThan(3);
  expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
});

const reader = await buildReader();

describe.skipIf(typeof reader !== "string")(`as Compose itself reads it${whyNot(reader)}`, () => {
  /** What each service is given in its environment, in a project with this file and this `.env`; null: none. */
  async function read(yaml: string, env: string | null): Promise<Record<string, Record<string, string>>> {
    const project = mkdtempSync(join(folder, "project-"));
    writeFileSync(join(project, "compose.yaml"), yaml);
    if (env !== null) writeFileSync(join(project, ".env"), env);
    const { stdout } = await run(String(reader), [project], { env: {} });
    return JSON.parse(stdout);
  }

  test("has the services that it names, with and without a .env", async () => {
    expect(Object.keys(await read(text, null)).sort()).toEqual(Object.keys(services).sort());
    expect(Object.keys(await read(text, "")).sort()).toEqual(Object.keys(services).sort());
  });

  test("is refused with a misspelt key, so what passes has none", async () => {
    const misspelt = text.replace("healthcheck:", "helthcheck:");

    await expect(read(misspelt, null)).rejects.toThrow("helthcheck");
  });

  const bundles = ["gateway", "apply", "function-trigger"];

  test.each(bundles)(
    "hands %s every setting of .env, but for addresses, folders and logins",
    async (name) => {
      const given = Object.fromEntries(settings.map((each) => [each, /_PORT$/.test(each) ? "4711" : each]));
      const env = Object.entries(given).map(([each, value]) => `${each}=${value} # said there\n`);
      const decided = Object.keys(services[name]?.environment ?? {});
      const rest = (values: Record<string, string>) =>
        Object.fromEntries(Object.entries(values).filter(([each]) => !decided.includes(each)));

      const environment = (await read(text, env.join("")))[name] ?? {};

      expect(rest(environment)).toEqual(rest(given));
      expect(Object.keys(rest(given)).length).toBeGreaterThan(50);
      expect(
        decided.filter(
          (each) => !/_(URL|USER|PASSWORD|CA|FOLDER|HOME)$|^API_BIND_|^TRIGGER_METRICS_/.test(each),
        ),
      ).toEqual([]);
      expect(decided.filter((each) => /_(USER|PASSWORD|CA)$/.test(each) && environment[each] !== "")).toEqual(
        [],
      );
    },
  );
});

/** Compose's own loader, built with Go: the program, or why it cannot be had. */
async function buildReader(): Promise<string | { reason: string }> {
  const go = ["go", "/usr/local/go/bin/go"].find((each) => {
    try {
      return execFileSync(each, ["version"], { stdio: "ignore" }) === null;
    } catch {
      return false;
    }
  });
  if (go === undefined) return { reason: "Go is not there" };
  const cwd = join(ROOT, "tests/house-rules/compose-reader");
  try {
    await run(go, ["mod", "download"], { cwd });
  } catch {
    return { reason: "its Go modules cannot be had" };
  }
  mkdirSync(folder, { recursive: true });
  await run(go, ["build", "-o", join(folder, "reader"), "."], { cwd });
  return join(folder, "reader");
}

function whyNot(built: string | { reason: string }): string {
  return typeof built === "string" ? "" : ` (not looked at: ${built.reason})`;
}

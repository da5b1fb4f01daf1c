import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { newKeyText, withoutKeys } from "@polytape/api-access";
import { readStack } from "@polytape/local/gateway";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ROOT, repositoryFiles, textOf } from "./repository.ts";

/** What a platform that is not here would find out only when it is too late. */
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "deployment-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const texts = z.record(z.string(), z.string());
/** Every field of a stack file that faas-cli reads (its others are ignored without a word), and no other. */
const faasCliSchema = z.strictObject({
  version: z.union([z.literal("1.0"), z.literal(1)]),
  provider: z.strictObject({
    name: z.literal("openfaas"),
    gateway: z.string().optional(),
    network: z.string().optional(),
  }),
  configuration: z
    .strictObject({
      templates: z.array(z.strictObject({ name: z.string(), source: z.string() })).optional(),
      copy: z.array(z.string()).optional(),
    })
    .optional(),
  functions: z.record(
    z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
    z.strictObject({
      lang: z.string(),
      handler: z.string(),
      image: z.string(),
      fprocess: z.string().optional(),
      environment: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
      environment_file: z.array(z.string()).optional(),
      secrets: z.array(z.string()).optional(),
      skip_build: z.boolean().optional(),
      constraints: z.array(z.string()).optional(),
      labels: texts.optional(),
      annotations: texts.optional(),
      limits: z.strictObject({ memory: z.string().optional(), cpu: z.string().optional() }).optional(),
      requests: z.strictObject({ memory: z.string().optional(), cpu: z.string().optional() }).optional(),
      readonly_root_filesystem: z.boolean().optional(),
      build_options: z.array(z.string()).optional(),
      build_args: texts.optional(),
      platforms: z.string().optional(),
      namespace: z.string().optional(),
    }),
  ),
});

/** As faas-cli does it, with the defaults: before the text is YAML. */
const withDefaults = (text: string) =>
  text.replace(/\$\{[A-Za-z_]+(?::-([^}]*))?\}/g, (_, value = "") => value);
const stack = faasCliSchema.parse(parse(withDefaults(textOf("stack.yml"))));
const functions = Object.entries(stack.functions);

describe("stack.yml", () => {
  test("has as many functions as the page says that a licence must allow", () => {
    expect(textOf("deploy/README.md")).toContain(`polytape deploys ${functions.length} functions`);
  });

  test("names its template at a tag", () => {
    expect(stack.configuration?.templates).toEqual([
      { name: "node20", source: expect.stringMatching(/^https:\/\/.+#\d+\.\d+\.\d+$/) },
    ]);
  });

  test.each(functions)("%s is bounded in memory and time, and tells its health and role", (_, each) => {
    const seconds = (name: string) => Number(/^(\d+)s$/.exec(String(each.environment?.[name]))?.[1]);

    expect(each.limits?.memory).toMatch(/^\d+Mi$/);
    expect(each.readonly_root_filesystem).toBe(true);
    expect(seconds("exec_timeout")).toBeGreaterThan(0);
    expect(seconds("read_timeout")).toBeGreaterThan(seconds("exec_timeout"));
    expect(seconds("write_timeout")).toBeGreaterThan(seconds("exec_timeout"));
    expect(each.annotations).toMatchObject({ "com.openfaas.health.http.path": "/_/health" });
    expect(each.labels?.["polytape.role"]).toMatch(/^(ingest|query|keeper)$/);
    expect(each.labels).toMatchObject({ "com.openfaas.scale.max": "1" });
  });

  test("keeps what trigger, gateway and provider wait for above every function's own limit", () => {
    const longestSeconds = Math.max(
      ...functions.map(([, each]) => Number.parseInt(String(each.environment?.["write_timeout"]), 10)),
    );
    const [, triggerMs] = /^#TRIGGER_CALL_TIMEOUT_MS=(\d+)$/m.exec(textOf(".env.example")) ?? [];
    const [, gatewayMinutes] =
      /sub\(\/=\.\*\/, "=(\d+)m"\)/.exec(textOf("deploy/faasd/add-services.sh")) ?? [];
    const [, providerMinutes] = /service_timeout=(\d+)m/.exec(textOf("deploy/README.md")) ?? [];

    for (const seconds of [
      Number(triggerMs) / 1_000,
      Number(gatewayMinutes) * 60,
      Number(providerMinutes) * 60,
    ])
      expect(seconds).toBeGreaterThan(longestSeconds);
  });

  test("names its secrets by the role, in the list and in the setting alike", () => {
    const chosen = { OPENSEARCH_PASSWORD_SECRET: "of-the-store", NATS_PASSWORD_SECRET: "of-the-bus" };

    for (const each of readStack([join(ROOT, "stack.yml")], chosen)) {
      const wanted = [
        "opensearch-ca",
        "of-the-store",
        ...("NATS_URL" in each.environment ? ["of-the-bus"] : []),
      ];
      expect([...each.secrets].sort(), each.name).toEqual(wanted.sort());
      expect(each.environment["OPENSEARCH_PASSWORD_SECRET"], each.name).toBe("of-the-store");
    }
  });

  test("gives the keeper's functions no bus, because the operator's account is nobody else's", () => {
    const keepers = functions.filter(([, each]) => each.labels?.["polytape.role"] === "keeper");

    expect(keepers.map(([name]) => name)).toEqual(["enforce-retention"]);
    expect(keepers.filter(([, each]) => "NATS_URL" in (each.environment ?? {}))).toEqual([]);
  });
});

test("nothing that runs in a function writes to the disk, because its root is read-only", () => {
  const sources = repositoryFiles()
    .filter((path) => /^(functions|packages)\/.*\.ts$/.test(path))
    .filter((path) => !/(\.test\.ts|tsup\.config\.ts)$|\/testing\/|\/behaviour\//.test(path));
  const writers = sources.filter((path) =>
    /\b(writeFile|appendFile|createWriteStream|mkdir|mkdtemp|rename|rmSync|openSync)\w*\(/.test(textOf(path)),
  );

  expect(sources.length).toBeGreaterThan(100);
  expect(writers).toEqual([]);
});

describe("deploy/images.yml", () => {
  const images = faasCliSchema.parse(parse(withDefaults(textOf("deploy/images.yml"))));

  test("builds function-trigger from its folder, under the same prefix and tag as the functions", () => {
    expect(images.functions["function-trigger"]).toEqual({
      lang: "dockerfile",
      handler: "./services/function-trigger",
      image: "polytape/function-trigger:latest",
    });
    expect(existsSync(join(ROOT, "services/function-trigger/Dockerfile"))).toBe(true);
  });

  test("lets one bundle into the image and nothing else, and runs it as nobody special", () => {
    const dockerfile = textOf("services/function-trigger/Dockerfile").split("\n");
    const ignore = textOf("services/function-trigger/.dockerignore").trim().split("\n");

    expect(dockerfile.filter((line) => /^(COPY|ADD|RUN)\b/.test(line))).toEqual([
      "COPY dist/function-trigger.cjs ./",
    ]);
    expect(dockerfile.filter((line) => /^USER\b/.test(line))).toEqual(["USER node"]);
    expect(ignore).toEqual(["*", "!dist", "dist/*", "!dist/function-trigger.cjs"]);
  });

  // Outside the repository, so that a package which is not in the bundle is missed.
  test("has a bundle that starts alone", async () => {
    const tsup = join(ROOT, "node_modules/.bin/tsup");
    await run(tsup, ["--out-dir", join(folder, "trigger")], { cwd: join(ROOT, "services/function-trigger") });

    const started = run(process.execPath, [join(folder, "trigger/function-trigger.cjs")], { env: {} });

    await expect(started).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining("settings_invalid"),
    });
    expect(readdirSync(join(folder, "trigger"))).toEqual(["function-trigger.cjs"]);
  });
});

test("containers run the versions of the servers that the local profile installs", () => {
  const versions = textOf("local/install/versions.sh");
  const [, openSearch] = /^OPENSEARCH_VERSION=(.+)$/m.exec(versions) ?? [];
  const [, nats] = /^NATS_SERVER_VERSION=(.+)$/m.exec(versions) ?? [];
  const imagesOf = (path: string) =>
    [...textOf(path).matchAll(/image: (?:\S+\/)?((?:opensearch|nats)[a-z-]*):([\d.]+)/g)].map(
      ([, image, version]) => `${image} ${version}`,
    );

  expect(imagesOf("deploy/faasd/services.yaml")).toEqual([`opensearch ${openSearch}`, `nats ${nats}`]);
  expect(imagesOf("compose.yaml")).toEqual([
    `opensearch ${openSearch}`,
    `opensearch-dashboards ${openSearch}`,
    `nats ${nats}`,
  ]);
});

test("the edge opens the addresses that the local gateway serves, and no others", () => {
  const [, open] = /\n\t\tpath (\/.*)\n/.exec(textOf("deploy/Caddyfile")) ?? [];
  const [, local] = /EDGE_PATHS = new Set\(\[(.*)\]\)/.exec(textOf("local/src/gateway/calls/route.ts")) ?? [];

  expect(open?.split(" ").sort()).toEqual([...JSON.parse(`[${local}]`), "/v1/*"].sort());
});

test("every log of the edge leaves out headers, where keys stand, and blacks out what looks like a key as the service does", () => {
  const text = textOf("deploy/Caddyfile");
  const [, written = "", instead = ""] = /request>uri regexp "(.+)" "(.+)"/.exec(text) ?? [];
  const key = newKeyText(randomBytes);

  // The one that stands for all, and the site's, which says nothing of its own.
  expect(text.match(/^\t*log\b.*$/gm)).toEqual(["\tlog {", "\tlog"]);
  for (const field of ["request>headers", "resp_headers"]) expect(text).toContain(`${field} delete`);
  for (const uri of [`/v1/markets/${key}?x=${key.slice(0, -2)}`, "/v1/trades?market_id=opt_out&outcome=pt_1"])
    expect(uri.replaceAll(new RegExp(written, "g"), instead)).toBe(withoutKeys(uri));
});

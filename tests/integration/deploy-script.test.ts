import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readEnvironment } from "@polytape/function-runtime";
import { readStack } from "@polytape/local/gateway";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { deployQueryApi, type QueryApiDeployment } from "./query-api-deployment.ts";

/**
 * deploy/deploy.sh on real servers and our own gateway. faas-cli is not at hand: a stand-in writes down how it was
 * called. So this proves order, accounts, repeats, dry runs and the look from outside; not what faas-cli does with the calls.
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const PREFIX = `deploy-${process.pid}-`;
const folder = mkdtempSync(join(tmpdir(), "polytape-deploy-"));
const path = (name: string) => join(folder, name);
const SECRETS = [
  "opensearch-ca",
  "opensearch-ingest-password",
  "opensearch-query-password",
  "opensearch-keeper-password",
  "nats-ingest-password",
  "nats-query-password",
  "nats-operator-password",
];

const STAND_IN = `#!/usr/bin/env bash
printf '%s as %s/%s %s/%s\\n' "$*" "$OPENSEARCH_USER" "$OPENSEARCH_PASSWORD_SECRET" "$NATS_USER" "$NATS_PASSWORD_SECRET" >>"$CALLS"
env >>"$CALLS.environment"
case "$1 $2" in
  "secret list") cat "$CALLS.secrets" 2>/dev/null ;;
  "secret create") echo "$3 made" >>"$CALLS.secrets" ;;
  "template pull") mkdir -p template/node20 && awk '$1 == "source:" { print $2 }' stack.yml >template/node20/made-from ;;
esac
[ "$1" != "$FAILS_AT" ]
`;

let api: QueryApiDeployment;

beforeAll(async () => {
  api = await deployQueryApi(PREFIX);
  for (const name of ["bin", "secrets", "deploy"]) mkdirSync(path(name));
  cpSync(join(ROOT, "deploy/deploy.sh"), path("deploy/deploy.sh"));
  cpSync(join(ROOT, "stack.yml"), path("stack.yml"));
  for (const name of SECRETS)
    writeFileSync(path(`secrets/${name}`), name === "opensearch-ca" ? "" : `the-${name}`);
  writeFileSync(path("bin/faas-cli"), STAND_IN);
  chmodSync(path("bin/faas-cli"), 0o755);
  for (const name of ["opensearch", "nats", "cli"]) {
    await run(join(ROOT, "node_modules/.bin/tsup"), ["--out-dir", path(`${name}/dist`)], {
      cwd: join(ROOT, name),
    });
  }
});

afterAll(async () => {
  await api?.close();
  await fetch(`${inject("openSearchUrl")}/_index_template/${PREFIX}*`, { method: "DELETE" });
  for (const name of ["markets_v1", "market_changes_v1", "coverage_v1", "checkpoints_v1", "rejections_v1"]) {
    await fetch(`${inject("openSearchUrl")}/${PREFIX}${name}`, { method: "DELETE" });
  }
  await fetch(`${inject("openSearchUrl")}/${PREFIX}orderbook_snapshots_v1-000001`, { method: "DELETE" });
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  for (const name of ["calls", "calls.environment"]) rmSync(path(name), { force: true });
});

async function deploy(more: Record<string, string> = {}) {
  const environment = {
    PATH: `${path("bin")}:${readEnvironment()["PATH"]}`,
    HOME: folder,
    GATEWAY: api.gateway.url,
    OPENSEARCH_URL: inject("openSearchUrl"),
    OPENSEARCH_INDEX_PREFIX: PREFIX,
    NATS_URL: api.nats.url,
    POLYTAPE_SECRETS: path("secrets"),
    IMAGES: "ready",
    IMAGE_TAG: "abc",
    DEPLOY_CHECK_SECONDS: "20",
    CALLS: path("calls"),
    ...more,
  };
  try {
    const { stdout, stderr } = await run(path("deploy/deploy.sh"), [], { env: environment });
    return { code: 0, lines: stdout.trim().split("\n"), stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, lines: stdout.trim().split("\n"), stderr };
  }
}

const calls = () => (existsSync(path("calls")) ? readFileSync(path("calls"), "utf8").trim().split("\n") : []);
const callsOf = (...commands: string[]) =>
  calls()
    .map((call) => call.replace(/ as .*$/, ""))
    .filter((call) => commands.includes(call.split(" ")[0] ?? ""));

test("a dry run says what each step would do, by name, and does none of it", async () => {
  const { code, lines, stderr } = await deploy({ DRY_RUN: "1", IMAGES: "build" });

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(lines.join("\n")).toMatch(
    /^\[1\/6\] images: would fetch https:.*templates\.git#[\d.]+, build and push /,
  );
  expect(lines).toContainEqual(expect.stringMatching(/^\[2\/6\] opensearch: would-be-applied .*created=/));
  expect(lines).toContain(`      would be created: template=${PREFIX}candles_v1`);
  expect(lines).toContainEqual(expect.stringMatching(/^\[3\/6\] nats: would-be-applied .*created=/));
  expect(lines).toContain("      would be created: stream=JOBS");
  expect(lines).toContain("      would be created: schedule=tick.ingest-trades");
  expect(lines).toContain(`[4/6] secrets: would create ${SECRETS.slice(0, 6).join(", ")}; would update none`);
  expect(lines).toContain("      as query: query-api");
  expect(lines.at(-1)).toBe("[6/6] check: left out, because nothing was changed");
  expect(callsOf("template", "build", "push", "deploy")).toEqual([]);
  expect(calls().filter((call) => /^secret (create|update)/.test(call))).toEqual([]);
  expect(existsSync(path("template"))).toBe(false);
  // The buckets are query-api's, which runs already.
  const { streams } = await api.bus.inspect();
  expect(streams.map(({ name }) => name).filter((name) => !name.startsWith("KV_"))).toEqual([]);
  expect((await fetch(`${inject("openSearchUrl")}/_index_template/${PREFIX}*`)).status).toBe(404);
});

test("does every step in its order, one line each, and reads through the gateway with a key", async () => {
  const { code, lines, stderr } = await deploy();

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(lines).toEqual([
    "[1/6] images: taken as they are, tag abc",
    expect.stringMatching(/^\[2\/6\] opensearch: applied .*created=/),
    expect.stringMatching(/^\[3\/6\] nats: applied .*created=/),
    "[4/6] secrets: 6 created, 0 updated",
    expect.stringMatching(/^\[5\/6\] functions: \d+ deployed, as ingest,keeper,query$/),
    expect.stringMatching(/^\[6\/6\] check: .* reads with a key$/),
    expect.stringContaining("IMAGE_TAG=abc"),
  ]);
});

test("a second time updates the secrets, changes nothing that is right, and leaves no key open", async () => {
  const { code, lines } = await deploy();
  const { stdout } = await run(process.execPath, [path("cli/dist/polytape.cjs"), "keys", "list", "--json"], {
    env: { NATS_URL: api.nats.url },
  });
  const keys = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

  expect(code).toBe(0);
  expect(lines[1]).toContain("created=0 updated=0");
  expect(lines[2]).toContain("created=0 updated=0");
  expect(lines[3]).toBe("[4/6] secrets: 0 created, 6 updated");
  expect(keys.map(({ label }) => label)).toEqual(["deploy-check", "deploy-check"]);
  expect(keys.every(({ revoked_at }) => typeof revoked_at === "string")).toBe(true);
});

test("deploys each function with the account of its role", async () => {
  await deploy();
  const deployed = calls().filter((call) => call.startsWith("deploy "));

  expect(deployed).toHaveLength(3);
  const [ingest, keeper, query] = deployed;
  expect(ingest).toMatch(
    /\^\(ingest-markets\|.*\)\$ as ingest\/opensearch-ingest-password ingest\/nats-ingest-password$/,
  );
  expect(keeper).toMatch(/\^\(enforce-retention\)\$ as keeper\/opensearch-keeper-password /);
  expect(query).toMatch(/\^\(query-api\)\$ as query\/opensearch-query-password query\/nats-query-password$/);
});

test("no password is in an argument or in the environment of what it calls", async () => {
  await deploy({ OPENSEARCH_PASSWORD: "the-stray-password" });

  const seen = calls().join("\n") + readFileSync(path("calls.environment"), "utf8");

  expect(seen).toContain("--from-file=");
  expect(seen).not.toMatch(/the-[a-z-]*password/);
  expect(seen).not.toMatch(/pt_[0-9A-Za-z]{20}/);
});

describe("images", () => {
  const pinTo = (tag: string) =>
    writeFileSync(
      path("stack.yml"),
      readFileSync(join(ROOT, "stack.yml"), "utf8").replace(/(templates\.git#)\S+/, `$1${tag}`),
    );
  const template = () => readFileSync(path("template/node20/made-from"), "utf8").trim();

  test("are built and pushed before anything else: the functions by the pinned template, then function-trigger", async () => {
    const { code, lines } = await deploy({ IMAGES: "build" });

    expect({ code, first: lines[0] }).toEqual({ code: 0, first: "[1/6] images: built and pushed, tag abc" });
    expect(callsOf("template", "build", "push", "deploy").slice(0, 6)).toEqual([
      "template pull stack -f stack.yml",
      "build -f stack.yml",
      "push -f stack.yml",
      "build -f deploy/images.yml",
      "push -f deploy/images.yml",
      expect.stringMatching(/^deploy /),
    ]);
  });

  test("alone are built and pushed where neither gateway nor secrets are", async () => {
    const { code, lines } = await deploy({ IMAGES: "only", GATEWAY: "", POLYTAPE_SECRETS: "nowhere" });

    expect({ code, lines }).toEqual({ code: 0, lines: ["[1/1] images: built and pushed, tag abc"] });
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["build", "push", "build", "push"]);
  });

  test("that cannot be pushed stop the deployment before it touches a server", async () => {
    const failed = await deploy({ IMAGES: "build", FAILS_AT: "push" });

    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("[1/6] images failed. Log in to the registry of IMAGE_PREFIX=polytape");
    expect(failed.lines).toEqual([""]);
    expect(callsOf("list", "template", "build", "push", "secret", "deploy")).toEqual([
      `list --gateway ${api.gateway.url}`,
      "build -f stack.yml",
      "push -f stack.yml",
    ]);
  });

  test("are built anew by another template when the pin is another, and not fetched again until then", async () => {
    const build = { IMAGES: "build", FAILS_AT: "push" };
    await deploy(build);
    expect(callsOf("template")).toEqual([]);

    pinTo("9.9.9");
    await deploy(build);
    await deploy(build);

    expect(callsOf("template")).toEqual(["template pull stack -f stack.yml"]);
    expect(template()).toMatch(/#9\.9\.9$/);
  });

  test("a template that could not be fetched is fetched again, and nothing is built by the old one", async () => {
    pinTo("9.9.10");
    const failed = await deploy({ IMAGES: "build", FAILS_AT: "template" });
    expect(failed.stderr).toContain("The template could not be fetched");
    expect(callsOf("build")).toEqual([]);

    await deploy({ IMAGES: "build", FAILS_AT: "push" });

    expect(callsOf("template")).toHaveLength(2);
    expect(template()).toMatch(/#9\.9\.10$/);
  });
});

/** What the command is told by deploy/polytape.sh, without running it: a stand-in that writes its environment down. */
async function toldByPolytape(more: Record<string, string> = {}) {
  const elsewhere = path("elsewhere");
  for (const name of ["deploy", "cli/dist"]) mkdirSync(join(elsewhere, name), { recursive: true });
  cpSync(join(ROOT, "deploy/polytape.sh"), join(elsewhere, "deploy/polytape.sh"));
  writeFileSync(join(elsewhere, "cli/dist/polytape.cjs"), "console.log(JSON.stringify(process['env']))");
  const env = { PATH: readEnvironment()["PATH"], POLYTAPE_SECRETS: path("secrets"), ...more };
  const { stdout } = await run(join(elsewhere, "deploy/polytape.sh"), ["doctor"], { env });
  return JSON.parse(stdout);
}

test("leaves what it deployed with for the operator's command, which then finds stack.yml as it was deployed", async () => {
  const settings = {
    IMAGE_PREFIX: "registry.example/you",
    IMAGE_TAG: "abc",
    POLL_INTERVAL_TRADES_MS: "9000",
    CANDLES_INTERVALS: "1m,1h",
    BOOK_ASSETS: "it's $HOME `id`",
  };
  await deploy({ ...settings, POLYMARKET_GAMMA_URL: "https://ada:hunter2@gamma.example" });

  const told = await toldByPolytape({ CANDLES_INTERVALS: "1m" });

  expect(told).toMatchObject({ ...settings, CANDLES_INTERVALS: "1m", OPENFAAS_URL: api.gateway.url });
  expect(told).toMatchObject({ POLYTAPE_STACK: path("elsewhere/stack.yml"), POLYTAPE_HOME: folder });
  expect(told).toMatchObject({ OPENSEARCH_USER: "keeper", OPENSEARCH_URL: inject("openSearchUrl") });
  expect(told["POLYMARKET_GAMMA_URL"]).toBe("https://gamma.example");
  const written = readFileSync(path("deployed.env"), "utf8");
  expect(written).not.toMatch(/hunter2|PASSWORD|SECRET/);
  expect(statSync(path("deployed.env")).mode & 0o077).toBe(0);
  const plan = (variables: Record<string, string>) =>
    readStack([join(ROOT, "stack.yml")], variables).map(({ image, annotations }) => ({ image, annotations }));
  expect(plan(told)).toEqual(plan({ ...settings, CANDLES_INTERVALS: "1m" }));
});

test("a folder that takes no file is said, and fails no deployment", async () => {
  const { code, stderr } = await deploy({ POLYTAPE_DEPLOYED: path("no-such-folder/deployed.env") });

  expect(code).toBe(0);
  expect(stderr).toContain("not written: ");
});

test("stops where a step fails, says what to do, and does nothing after it", async () => {
  const failed = await deploy({ FAILS_AT: "deploy" });

  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("[5/6] functions failed. Of the role ingest");
  expect(failed.lines.at(-1)).toContain("[4/6]");
  expect(calls().filter((call) => call.startsWith("deploy "))).toHaveLength(1);
});

test.each([
  [{ FAILS_AT: "list" }, "does not know you: faas-cli login"],
  [{ POLYTAPE_SECRETS: "nowhere" }, "run deploy/make-secrets.sh"],
])("refuses to begin with %j", async (more, sentence) => {
  const refused = await deploy(more);

  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) });
  expect(calls().filter((call) => !call.startsWith("list "))).toEqual([]);
});

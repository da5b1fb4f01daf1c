import { describe, expect, test } from "vitest";
import { repositoryFiles, textOf } from "./repository.ts";

const files = repositoryFiles();
const sources = files.filter((path) => /\.(ts|sh|cjs|mjs)$/.test(path));
const thisFile = "tests/house-rules/tidy.test.ts";

test("the root holds only what a newcomer must see", () => {
  const expected = new Set([
    ".ci",
    ".env.example",
    ".gitignore",
    ".npmrc",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "bench",
    "biome.json",
    "cli",
    "compose.yaml",
    "deploy",
    "docs",
    "functions",
    "local",
    "nats",
    "opensearch",
    "package-lock.json",
    "package.json",
    "packages",
    "polymarket-simulator",
    "services",
    "stack.yml",
    "tests",
    "tsconfig.json",
    "tsup.preset.ts",
    "vitest.config.ts",
  ]); // prettier-ignore

  const strangers = [...new Set(files.map((path) => path.split("/")[0] ?? ""))].filter(
    (name) => !expected.has(name),
  );

  expect(strangers, "put it into the folder that owns it").toEqual([]);
});

test("no folder or file is a drawer: a name that fits everything describes nothing", () => {
  const drawers = files.filter((path) =>
    /(^|\/)(utils?|helpers?|common|misc|shared|manager)(\/|\.ts$)/.test(path),
  );

  expect(drawers, "name it by the idea it holds").toEqual([]);
});

test("the process environment is read in one file", () => {
  const readers = sources.filter((path) => path !== thisFile && textOf(path).includes("process.env"));

  expect(readers, "use readEnvironment() of function-runtime").toEqual([
    "packages/function-runtime/src/environment.ts",
  ]);
});

describe("no source file", () => {
  test.each([
    [/\bTODO\b|\bFIXME\b|\bXXX\b/, "carries a mark of unfinished work"],
    [/(test|describe|it)\.(only|skip)\(/, "runs only some tests or skips one without a reason"],
  ])("matches %s: it %s", (pattern) => {
    const found = sources.filter(
      (path) => path.endsWith(".ts") && path !== thisFile && pattern.test(textOf(path)),
    );

    expect(found).toEqual([]);
  });
});

test("no file names a path of one machine", () => {
  const found = files
    .filter((path) => path !== thisFile && path !== "package-lock.json")
    .filter((path) => /(^|[^A-Za-z0-9_.$}-])\/(work|farm|root|home)\//m.test(textOf(path)));

  expect(found, "users have none of them").toEqual([]);
});

test("no source file is longer than 400 lines", () => {
  const long = sources.filter((path) => textOf(path).split("\n").length > 400);

  expect(long, "ask what else lives in it").toEqual([]);
});

test("every variable of stack.yml is explained in .env.example", () => {
  // Where images go, which gateway deploys them and as whom is said by deploy/deploy.sh.
  const deployment = new Set([
    "IMAGE_PREFIX",
    "IMAGE_TAG",
    "NATS_PASSWORD_SECRET",
    "OPENFAAS_URL",
    "OPENSEARCH_PASSWORD_SECRET",
  ]);
  const explained = new Set(
    [...textOf(".env.example").matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name),
  );
  const unexplained = [...textOf("stack.yml").matchAll(/\$\{([A-Z_]+)/g)]
    .map(([, name]) => name ?? "")
    .filter((name) => !explained.has(name) && !deployment.has(name));

  expect([...new Set(unexplained)], "say unit, default and effect").toEqual([]);
});

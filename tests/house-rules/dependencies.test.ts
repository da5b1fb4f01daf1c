import { describe, expect, test } from "vitest";
import { importsOf, repositoryFiles } from "./repository.ts";

const sources = repositoryFiles().filter((path) => path.endsWith(".ts"));
const isTest = (path: string) => /\.test\.ts$|\/testing\.ts$/.test(path);

/** Which of our packages a folder may import: the design's dependency rule, one line a folder. */
const allowed: readonly (readonly [folder: RegExp, packages: readonly string[]])[] = [
  [/^packages\/market-model\//, []],
  [/^packages\/(polymarket-source|market-store|event-bus|api-access|function-runtime)\//, ["market-model"]],
  [
    /^functions\//,
    ["market-model", "polymarket-source", "market-store", "event-bus", "api-access", "function-runtime"],
  ],
  [/^services\//, ["market-model", "polymarket-source", "market-store", "event-bus", "function-runtime"]],
  // Of `local` only the reader of stack.yml, of `nats` the plan: what a deployment is compared with.
  [
    /^cli\//,
    ["market-model", "market-store", "event-bus", "api-access", "function-runtime", "nats", "local"],
  ],
  [/^nats\//, ["market-model", "event-bus", "function-runtime"]],
  [/^opensearch\//, ["market-model", "market-store", "function-runtime"]],
  [/^polymarket-simulator\//, ["polymarket-source", "function-runtime"]],
  [/^local\//, ["market-model", "function-runtime"]],
];

function ourImports(path: string): string[] {
  const own = path
    .split("/")
    .slice(0, path.startsWith("packages/") ? 2 : 1)
    .at(-1);
  return importsOf(path).flatMap((name) => {
    const [, our] = /^@polytape\/([a-z-]+)/.exec(name) ?? [];
    return our && our !== own ? [our] : [];
  });
}

describe("a folder imports only what it may, so that each part can be changed alone", () => {
  test.each(allowed)("%s", (folder, packages) => {
    const wrong = sources
      .filter((path) => folder.test(path) && !isTest(path))
      .flatMap((path) =>
        ourImports(path)
          .filter((our) => !packages.includes(our))
          .map((our) => `${path} → ${our}`),
      );

    expect(wrong, "move the code to the package that owns it, or wire it in a function").toEqual([]);
  });
});

test("no relative import leaves its workspace: the door of a package is its name", () => {
  const workspaceOf = (path: string) =>
    path
      .split("/")
      .slice(0, /^(packages|functions|services)\//.test(path) ? 2 : 1)
      .join("/");
  const wrong = sources
    .filter((path) => path.includes("/") && !/tsup\.config\.ts$/.test(path))
    .flatMap((path) =>
      importsOf(path)
        .filter((name) => name.startsWith("."))
        .map((name) => new URL(name, `file:///${path}`).pathname.slice(1))
        .filter((target) => workspaceOf(target) !== workspaceOf(path))
        .map((target) => `${path} → ${target}`),
    );

  expect(wrong, "import @polytape/<package> instead").toEqual([]);
});

test("functions never import functions: they meet in the store or on a subject", () => {
  const names = new Set(repositoryFiles().flatMap((path) => /^functions\/([^/]+)\//.exec(path)?.[1] ?? []));
  const wrong = sources
    .filter((path) => path.startsWith("functions/"))
    .flatMap((path) =>
      ourImports(path).filter((our) => names.has(our) && !path.startsWith(`functions/${our}/`)),
    );

  expect(wrong).toEqual([]);
});

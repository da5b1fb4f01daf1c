import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readStack } from "./read-stack.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stack-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const ONE = `
version: 1.0
provider: { name: openfaas }
functions:
  one:
    lang: node20
    handler: ./one/dist
    image: x/one:\${TAG:-latest}
    annotations: { concurrency: "1" }
    environment:
      FLAG: true
      SIZE: 010
      NOTHING:
      URL: \${URL:-http://a:1/#x}
    secrets: [a-secret]
    limits: { memory: 192Mi }
    unknown_key: ignored
`;

test("reads a function, every value as the text that it is", () => {
  expect(readStack([write("stack.yml", ONE)], { TAG: "v2" })).toEqual([
    {
      name: "one",
      image: "x/one:v2",
      handlerFolder: join(folder, "one/dist"),
      annotations: { concurrency: "1" },
      labels: {},
      environment: { FLAG: "true", SIZE: "010", NOTHING: "", URL: "http://a:1/#x" },
      secrets: ["a-secret"],
      memoryLimitBytes: 192 * 2 ** 20,
    },
  ]);
});

test("joins several files", () => {
  const other = write("more.yml", "functions: { two: { lang: node20, handler: ./two, image: x } }");

  expect(readStack([write("stack.yml", ONE), other], {}).map(({ name }) => name)).toEqual(["one", "two"]);
});

test("an environment_file wins over environment", () => {
  write("more-environment.yml", "environment: { FLAG: false, MORE: 1 }");
  const file = write("stack.yml", `${ONE}    environment_file: [more-environment.yml]\n`);

  expect(readStack([file], {})[0]?.environment).toMatchObject({ FLAG: "false", MORE: "1", SIZE: "010" });
});

test("names the faults of all files at once", () => {
  const wrong = write(
    "wrong.yml",
    `functions:
      One: { lang: node20, handler: ./o, image: x }
      big: { lang: node20, handler: ./b, image: x, limits: { memory: lots }, annotations: { a: ${"x".repeat(4_096)} } }
      odd: { lang: python3, handler: ./o, image: "\${TAG:?set me}" }`,
  );
  const stack = write("stack.yml", ONE);

  try {
    readStack([stack, stack, wrong, join(folder, "absent.yml")], {});
    expect.unreachable();
  } catch (error) {
    const text = String(error);
    expect(error).toMatchObject({ code: "stack_invalid", kind: "input" });
    for (const part of [
      "the function one is described twice",
      "functions.One must be named by",
      "functions.big.limits.memory must be like 192Mi",
      "functions.odd.lang must be node20",
      "is not a form of substitution we know",
      "absent.yml cannot be read (ENOENT)",
    ]) {
      expect(text).toContain(part);
    }
  }
});

test("refuses annotations that OpenFaaS refuses", () => {
  const file = write("stack.yml", ONE.replace(`concurrency: "1"`, `a: ${"x".repeat(4_096)}`));

  expect(() => readStack([file], {})).toThrow("functions.one.annotations.a is longer than 4096 bytes");
});

test("says where a file is not YAML", () => {
  expect(() => readStack([write("stack.yml", "functions: {")], {})).toThrow(/stack\.yml: .*line 1/);
});

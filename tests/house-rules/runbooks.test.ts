import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { z } from "zod";
import { ROOT, textOf } from "./repository.ts";

/** Whoever reads them is in a hurry: every command exists, with every option, and every path. */
const pages = [
  "deploy/README.md",
  ...readdirSync(join(ROOT, "docs/runbooks")).map((name) => `docs/runbooks/${name}`),
];
const codeIn = (page: string) =>
  [...textOf(page).matchAll(/```sh\n([\s\S]*?)```|`([^`\n]+)`/g)].map(
    ([, block, span]) => block ?? span ?? "",
  );

interface Known {
  readonly name: string;
  readonly options: z.ZodObject;
}

async function operatorCommands(): Promise<readonly Known[]> {
  const { commands }: { commands: readonly Known[] } = await import(join(ROOT, "cli/src/commands/index.ts"));
  return commands;
}

test.each(pages)(
  "%s names only commands of polytape that exist, with options that they take",
  async (page) => {
    const known = await operatorCommands();
    const calls = codeIn(page).flatMap((code) =>
      [
        ...code
          .replaceAll("\\\n", " ")
          .matchAll(/(?:^|\n| |")(?:deploy\/)?polytape(?:\.sh)? ((?:[a-z]|--)[^\n`"#|]*)/g),
      ].map(([, words = ""]) => words.trim()),
    );

    const wrong = calls.filter((call) => {
      const command = known.find(({ name }) => call === name || call.startsWith(`${name} `));
      const options = [...call.matchAll(/--([a-z-]+)/g)].map(([, option]) => option ?? "");
      return !command || options.some((option) => !(option in command.options.shape));
    });

    expect(wrong).toEqual([]);
  },
);

test("the pages do call polytape, so that the rule above has something to hold", () => {
  const calls = pages.filter((page) => codeIn(page).some((code) => /polytape(\.sh)? [a-z]/.test(code)));

  expect(calls.length).toBeGreaterThan(4);
});

test.each(pages)("%s names only targets of make that exist", (page) => {
  const targets = new Set([...textOf("Makefile").matchAll(/^([a-z0-9-]+):/gm)].map(([, name]) => name));
  const named = codeIn(page).flatMap((code) =>
    [...code.matchAll(/(?:^|\n|&& )make ([a-z-]+)/g)].map(([, name]) => name),
  );

  expect(named.filter((name) => !targets.has(name))).toEqual([]);
});

test.each(pages)("%s names only files that are there, and settings that are explained", (page) => {
  const text = textOf(page);
  const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = ""]) => join(dirname(page), path));
  const paths = codeIn(page)
    .flatMap((code) => code.split(/[\s"=]+/))
    .filter((word) =>
      /^(deploy|docs|opensearch|nats|local|services)\/[A-Za-z0-9._/-]+\.(sh|md|yml|yaml|conf|ts)$/.test(word),
    );
  const explained = `${textOf(".env.example")}\n${textOf("deploy/deploy.sh")}\n${textOf("deploy/Caddyfile")}\n${textOf("deploy/make-secrets.sh")}`;
  const settings = codeIn(page).flatMap((code) => code.match(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g) ?? []);

  expect([...links, ...paths].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  expect(settings.filter((name) => !explained.includes(name) && !KNOWN_NAMES.has(name))).toEqual([]);
});

/** A stream, and how a folder of settings is written. */
const KNOWN_NAMES = new Set(["TRADES_STORED", "POLL_INTERVAL_"]);

test("the licence's count of functions is that of stack.yml", () => {
  const functions = [...textOf("stack.yml").matchAll(/^ {4}lang: node20$/gm)].length;

  expect(textOf("deploy/README.md")).toContain(`polytape deploys ${functions} functions`);
  expect(functions).toBeLessThanOrEqual(15);
});

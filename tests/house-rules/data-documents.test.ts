import { CATEGORY_TOPICS } from "@polytape/polymarket-source";
import { expect, test } from "vitest";
import { repositoryFiles, textOf } from "./repository.ts";

test("docs/data.md names the category topics in their order", () => {
  const said = textOf("docs/data.md").replace(/\s+/g, " ");

  expect(said).toContain(CATEGORY_TOPICS.join(", "));
});

test("every decision record is numbered once, and says what was decided and what follows", () => {
  const records = repositoryFiles().filter((path) => path.startsWith("docs/decisions/"));
  const numbers = records.map((path) => path.slice("docs/decisions/".length, "docs/decisions/0000".length));

  expect(new Set(numbers).size).toBe(records.length);
  for (const path of records) {
    for (const part of ["Decision", "Consequence"]) expect(textOf(path), path).toContain(part);
  }
});

test("every link between documents leads somewhere", () => {
  const files = new Set(repositoryFiles());
  const folders = new Set([...files].map((path) => path.split("/").slice(0, -1).join("/")));
  const broken = [...files]
    .filter((path) => path.endsWith(".md"))
    .flatMap((path) =>
      [...textOf(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map(([, link]) => new URL(link ?? "", `file:///${path}`).pathname.slice(1).replace(/\/$/, ""))
        .filter((target) => !files.has(target) && !folders.has(target))
        .map((target) => `${path} → ${target}`),
    );

  expect(broken).toEqual([]);
});

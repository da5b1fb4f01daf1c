import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { boundLog, lastLines } from "./log-file.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "polytape-log-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("cuts a log that is too long and keeps its content beside it", () => {
  const file = join(folder, "a.log");
  appendFileSync(file, "x".repeat(101));

  boundLog(file, 100);
  appendFileSync(file, "new");

  expect(readFileSync(file, "utf8")).toBe("new");
  expect(readFileSync(`${file}.1`, "utf8")).toHaveLength(101);
});

it("leaves a log alone that is within its bound", () => {
  const file = join(folder, "a.log");
  appendFileSync(file, "x".repeat(100));

  boundLog(file, 100);

  expect(readFileSync(file, "utf8")).toHaveLength(100);
});

it("shows the last lines, and nothing of a log that is not there", () => {
  const file = join(folder, "a.log");
  appendFileSync(file, "1\n2\n3\n");

  expect(lastLines(file, 2)).toBe("2\n3");
  expect(lastLines(join(folder, "none.log"), 2)).toBe("");
});

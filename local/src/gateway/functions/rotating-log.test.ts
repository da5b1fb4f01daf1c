import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openRotatingLog } from "./rotating-log.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "log-"));
  file = join(folder, "one.log");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function writeLines(lines: readonly string[], bytesMax: number): Promise<void> {
  const log = openRotatingLog(file, bytesMax);
  for (const line of lines) log.write(line);
  await new Promise<void>((done) => log.end(done));
}

test("goes on where the last process stopped", async () => {
  await writeLines(["one\n"], 100);
  await writeLines(["two\n"], 100);

  expect(readFileSync(file, "utf8")).toBe("one\ntwo\n");
  expect(existsSync(`${file}.1`)).toBe(false);
});

test("keeps at most the file and the one before it", async () => {
  await writeLines(["1234\n", "5678\n", "abcd\n", "efgh\n", "ijkl\n"], 10);

  expect(readFileSync(file, "utf8")).toBe("ijkl\n");
  expect(readFileSync(`${file}.1`, "utf8")).toBe("abcd\nefgh\n");
});

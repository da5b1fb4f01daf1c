import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openHome } from "./home-paths.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "polytape-home-"));
});
afterEach(() => rmSync(place, { recursive: true }));

test("makes the home and all above it, and opens it again", () => {
  const made = openHome(join(place, "a", "b"));

  expect(existsSync(made.run) && existsSync(made.logs)).toBe(true);
  expect(openHome(join(place, "a", "b")).home).toBe(made.home);
});

test("two spellings are one home", () => {
  const made = openHome(join(place, "a"));
  symlinkSync(made.home, join(place, "link"));

  expect(openHome(join(place, "link")).home).toBe(made.home);
});

test("a home that cannot be made is named in one sentence, with the reason", () => {
  writeFileSync(join(place, "file"), "");

  for (const folder of [join(place, "file"), join(place, "file", "x"), "/proc/x", "/proc/x/y"]) {
    expect(() => openHome(folder)).toThrow(
      expect.objectContaining({ code: "home_unusable", message: expect.stringContaining(folder) }),
    );
  }
});

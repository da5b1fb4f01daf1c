import { expect, test } from "vitest";
import { keptFrom } from "./time.ts";

test("keeps today and the whole UTC days before it", () => {
  const midnight = Date.parse("2026-11-22T00:00:00Z");

  expect(keptFrom(90, midnight + 79_824_000)).toBe(Date.parse("2026-08-24T00:00:00Z"));
  expect(keptFrom(90, midnight)).toBe(Date.parse("2026-08-24T00:00:00Z"));
  expect(keptFrom(90, midnight - 1)).toBe(Date.parse("2026-08-23T00:00:00Z"));
});

test("keeps everything when no days are named", () => {
  expect(keptFrom(0, Date.now())).toBeNull();
});

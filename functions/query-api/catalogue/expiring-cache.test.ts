import { expect, test } from "vitest";
import { createExpiringCache } from "./expiring-cache.ts";

test("remembers until the time is over, and nothing after the clock was set back", () => {
  const cache = createExpiringCache<string>(10);
  cache.set("a", "first", 2_000);

  expect(cache.get("a", 1_999)).toBe("first");
  expect(cache.get("a", 2_000)).toBeUndefined();
  cache.set("a", "second", 3_600_000);
  expect(cache.get("a", 3_599_999)).toBe("second");
  expect(cache.get("a", 60_000)).toBeUndefined();
});

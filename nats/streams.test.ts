import { expect, test } from "vitest";
import { streams } from "./streams.ts";

test("busy ticks fill less than half of the stream of stored trades before they age out", () => {
  const plan = streams.find(({ name }) => name === "TRADES_STORED");
  const bytesPerWindow = 203;
  const busyBytesPerMs = (400 * bytesPerWindow) / 3_000;

  expect(plan).toMatchObject({ whenFull: "refuse new", compressed: true });
  expect(busyBytesPerMs * (plan?.ageMaxMs ?? Infinity)).toBeLessThan((plan?.bytesMax ?? 0) / 2);
});

import { expect, test } from "vitest";
import { cutIntoMessages, tradesStoredMessage } from "./trades-stored.ts";

const aWindow = (assetId: string, minutes: number) => ({
  marketId: `0x${"a".repeat(64)}`,
  assetId,
  minutesMs: Array.from({ length: minutes }, (_, index) => 1_700_000_000_000 + index * 60_000),
});

test("keeps few windows in one message", () => {
  const messages = cutIntoMessages([aWindow("1", 2), aWindow("2", 1)]);

  expect(messages).toHaveLength(1);
  expect(messages[0]?.windows.map((window) => window.asset_id)).toEqual(["1", "2"]);
});

test("says nothing when nothing was touched", () => {
  expect(cutIntoMessages([])).toEqual([]);
});

// A backfill of one busy market touches more minutes than one message can carry.
test("cuts many windows and long windows, loses no minute, and keeps every message within the bound", () => {
  const windows = [...Array.from({ length: 900 }, (_, index) => aWindow(`${index}`.padStart(77, "7"), 3))];
  windows.push(aWindow("long", 20_000));

  const messages = cutIntoMessages(windows);

  const minutes = messages.flatMap((message) => message.windows.flatMap((window) => window.minutes_ms));
  expect(minutes).toHaveLength(900 * 3 + 20_000);
  expect(Math.max(...messages.map((message) => JSON.stringify(message).length))).toBeLessThanOrEqual(65_536);
  expect(messages.every((message) => tradesStoredMessage.safeParse(message).success)).toBe(true);
});

test("refuses a message that names no minute of a window", () => {
  const message = { windows: [{ market_id: "m", asset_id: "1", minutes_ms: [] }] };

  expect(tradesStoredMessage.safeParse(message).success).toBe(false);
});

import { DAY_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import type { StoreConnection } from "../opensearch/connection.ts";
import { indexNames } from "../opensearch/index-names.ts";
import { storedDays } from "./stored-days.ts";

const DAY = Date.parse("2026-11-22T00:00:00Z");
const NAMES = indexNames("test-");

/** A server whose answers are given when the test says so, with the days that it has then. */
function aServer() {
  const underway: { resolve: (days: number[]) => void; reject: (error: Error) => void }[] = [];
  const connection: StoreConnection = {
    request: () =>
      new Promise((resolve, reject) => {
        const answer = (days: number[]) => {
          const indices = days.map((day) => ({ name: NAMES.tradesOfDay(day) }));
          resolve({ status: 200, body: { indices } });
        };
        underway.push({ resolve: answer, reject });
      }),
    cancelledBy: () => connection,
    close: async () => {},
  };
  return { connection, underway };
}

test("a list that is given up fails for whoever gave it up, and for nobody else", async () => {
  const { connection, underway } = aServer();
  const days = storedDays(NAMES, () => 0);
  const [patient, impatient] = [days.list(connection), days.list(connection)];

  underway[1]?.reject(new Error("given up"));
  await expect(impatient).rejects.toThrow("given up");
  underway[0]?.resolve([DAY]);

  expect(await patient).toEqual([DAY]);
  expect(await days.list(connection)).toEqual([DAY]);
  expect(underway).toHaveLength(2);
});

test("a list that was asked for before a new day was written is not remembered", async () => {
  const { connection, underway } = aServer();
  const days = storedDays(NAMES, () => 0);
  const before = days.list(connection);

  days.noteWritten(DAY + DAY_MS);
  underway[0]?.resolve([DAY]);
  await before;
  const after = days.list(connection);
  underway[1]?.resolve([DAY, DAY + DAY_MS]);

  expect(await after).toEqual([DAY, DAY + DAY_MS]);
});

test("a list is a second old at most, counted from when it was asked for", async () => {
  const clock = { nowMs: 0 };
  const { connection, underway } = aServer();
  const days = storedDays(NAMES, () => clock.nowMs);
  const first = days.list(connection);
  clock.nowMs = 999;
  underway[0]?.resolve([DAY]);
  await first;

  expect(await days.list(connection)).toEqual([DAY]);
  clock.nowMs = 1_000;
  const next = days.list(connection);
  underway[1]?.resolve([DAY, DAY + DAY_MS]);

  expect(await next).toEqual([DAY, DAY + DAY_MS]);
});

import { aTradeRow } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { rejectedStretches } from "./rejected-stretches.ts";

const now = 1_790_000_000;
const receivedAtMs = now * 1_000;
const row = (secondsAgo: number) => aTradeRow({ tsSeconds: now - secondsAgo });
const bad = (raw: unknown) => ({ kind: "trade" as const, reason: "price: too large", raw, receivedAtMs });
const ago = (from: number, to: number) => ({ fromSeconds: now - from, toSeconds: now - to });

test("places a refused record in its second, or between its neighbours when that cannot be read", () => {
  const soon = bad({ timestamp: "soon" });
  const page = [row(5), bad({ timestamp: now - 6 }), row(9), soon, bad(7), row(20)];

  expect(rejectedStretches(page, receivedAtMs)).toEqual([ago(6, 5), ago(20, 8), ago(20, 8)]);
});

test("trusts no time of a refused record that its neighbours speak against", () => {
  const page = [row(5), bad({ timestamp: now - 86_400 }), row(9)];

  expect(rejectedStretches(page, receivedAtMs)).toEqual([ago(9, 4)]);
});

test("places a refused record at an end of the page by its one neighbour", () => {
  expect(rejectedStretches([bad({}), row(5), bad({})], receivedAtMs)).toEqual([ago(5, 4), ago(5, 4)]);
  expect(rejectedStretches([bad({})], receivedAtMs)).toEqual([ago(0, -1)]);
});

import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { keepAsking } from "./keep-asking.ts";
import type { LoadOrder, LoadRequest } from "./load-protocol.ts";

const request = (url: string): LoadRequest => ({ url, method: "GET", headers: {} });
const order: LoadOrder = {
  requests: ["a", "b", "c"].map(request),
  clients: 3,
  forMs: 60,
  everyMs: 0,
  eachItsOwn: false,
};

/** Answers after a moment, and remembers who asked and how many did so at once. */
function aService(statusOf: (url: string) => number = () => 200) {
  const asked: string[] = [];
  const seen = { underway: 0, most: 0 };
  const ask = async ({ url }: LoadRequest) => {
    asked.push(url);
    seen.underway += 1;
    seen.most = Math.max(seen.most, seen.underway);
    await pause(2);
    seen.underway -= 1;
    return statusOf(url);
  };
  return { ask, asked, seen };
}

test("lets so many clients ask at once, and all requests come in turn", async () => {
  const { ask, asked, seen } = aService();

  const report = await keepAsking(ask, order);

  expect(seen).toEqual({ underway: 0, most: 3 });
  expect(asked.slice(0, 6)).toEqual(["a", "b", "c", "a", "b", "c"]);
  expect(report).toMatchObject({ answers: asked.length, failed: 0, refused: 0 });
});

test("a client with a request of its own asks nothing else", async () => {
  const { ask, asked } = aService();

  await keepAsking(ask, { ...order, clients: 2, eachItsOwn: true });

  expect(new Set(asked)).toEqual(new Set(["a", "b"]));
});

test("a client with a pace never asks more often, however quick the answers", async () => {
  const { ask, asked } = aService();

  await keepAsking(ask, { ...order, clients: 1, everyMs: 40 });

  expect(asked.length).toBeLessThanOrEqual(3);
});

test("tells refusals from failures", async () => {
  const { ask, asked } = aService((url) => ({ a: 200, b: 429, c: 500 })[url] ?? 0);
  const count = (url: string) => asked.filter((each) => each === url).length;

  expect(await keepAsking(ask, order)).toMatchObject({
    refused: count("b"),
    failed: count("c"),
    failures: { 500: count("c") },
  });
});

test("asks at least once, and reports it, when the time is shorter than an answer", async () => {
  const { ask } = aService();

  expect(await keepAsking(ask, { ...order, clients: 1, forMs: 1 })).toMatchObject({ answers: 1 });
});

import { expect, test } from "vitest";
import { aMessage } from "../testing/a-message.ts";
import { planCalls } from "./plan-calls.ts";

const sizes = (calls: readonly (readonly unknown[])[]) => calls.map((call) => call.length);

test("puts fresh messages together", () => {
  expect(sizes(planCalls([aMessage(), aMessage(), aMessage()]))).toEqual([3]);
});

test("lets a message that came before go alone, and keeps its neighbours together", () => {
  const calls = planCalls([aMessage(), aMessage({ deliveries: 2 }), aMessage()]);

  expect(sizes(calls)).toEqual([2, 1]);
});

test("lets a message that is not JSON go alone", () => {
  const calls = planCalls([aMessage(), aMessage({ text: "not json" }), aMessage({ text: "" })]);

  expect(sizes(calls)).toEqual([1, 1, 1]);
});

test("keeps the body of a call, brackets and commas included, within the bound", () => {
  const messages = Array.from({ length: 10 }, (_, index) =>
    aMessage({ text: `"${index}${"x".repeat(20)}"` }),
  );

  const calls = planCalls(messages, 100);

  const bodies = calls.map((call) => `[${call.map((message) => Buffer.from(message.data)).join(",")}]`);
  expect(Math.max(...bodies.map((body) => body.length))).toBeLessThanOrEqual(100);
  expect(sizes(calls)).toEqual([4, 4, 2]);
});

test("gives a message above the bound a call of its own", () => {
  const calls = planCalls([aMessage(), aMessage({ text: `"${"x".repeat(200)}"` })], 100);

  expect(sizes(calls)).toEqual([1, 1]);
});

import { expect, test } from "vitest";
import { ticksBetween, triggerMetrics } from "./trigger-metrics.ts";

test.each([
  ["the next one", 3_000, 0],
  ["one a little late", 4_400, 0],
  ["one delivered again", 0, 0],
  ["one that was published by hand in between", 100, 0],
  ["one after two that nobody took", 9_100, 2],
])("between two ticks lie those that were due and never taken: %s", (_, laterMs, skipped) => {
  expect(ticksBetween(1_000_000, 1_000_000 + laterMs, 3_000)).toBe(skipped);
});

test("the first tick of a process says nothing about those before it", async () => {
  const metrics = triggerMetrics();

  metrics.of("a").tick(1_000_000, 3_000);
  metrics.of("b").tick(9_000_000, 3_000);
  metrics.of("a").tick(1_006_000, 3_000);

  const text = await metrics.text([]);
  expect(text).toContain('polytape_trigger_ticks_skipped_total{function="a"} 1');
  expect(text).not.toContain('polytape_trigger_ticks_skipped_total{function="b"}');
});

// Prometheus sees an increase only between two numbers: the first dead letter must not be the first number.
test("counters of a function that is fed are there before anything happens to it", async () => {
  const text = await triggerMetrics().text([{ functionName: "a", topic: "job.a", messages: 0 }]);

  for (const name of ["acknowledged", "ticks_failed", "retries", "dead_letters", "ticks_skipped"])
    expect(text).toContain(`polytape_trigger_${name}_total{function="a"} 0\n`);
});

test("what waits is of the moment: a function that is gone leaves no number behind", async () => {
  const metrics = triggerMetrics();
  await metrics.text([{ functionName: "gone", topic: "job.a", messages: 5 }]);

  const text = await metrics.text([{ functionName: "here", topic: "job.b", messages: 7 }]);

  expect(text).toContain('polytape_trigger_waiting_messages{function="here",topic="job.b"} 7');
  expect(text).not.toContain('waiting_messages{function="gone"');
});

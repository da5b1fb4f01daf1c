import { expect, test } from "vitest";
import { consumerName, deliveryKind, readTriggeredFunctions } from "./triggered-function.ts";

test("takes functions with a topic, with one call and one message at a time unless annotated", () => {
  const { triggered, misannotated } = readTriggeredFunctions([
    { name: "query-api", annotations: null, replicas: 1 },
    { name: "figlet" },
    { name: "ingest-trades", annotations: { topic: "tick.ingest-trades", schedule: "3000ms" } },
    { name: "build-candles", annotations: { topic: "trades.stored.>", concurrency: "2", batch: "16" } },
  ]);

  expect(triggered).toEqual([
    { name: "ingest-trades", topics: ["tick.ingest-trades"], concurrency: 1, batch: 1, everyMs: 3_000 },
    { name: "build-candles", topics: ["trades.stored.>"], concurrency: 2, batch: 16, everyMs: null },
  ]);
  expect(misannotated).toEqual([]);
});

test.each([
  { topic: "tick.a", concurrency: "0" },
  { topic: "tick.a", concurrency: "65" },
  { topic: "tick.a", batch: "many" },
  { topic: "tick.a,,tick.b" },
  { topic: "tick.a;tick.b" },
  { topic: "a,b,c,d,e,f,g,h,i" },
  { topic: "" },
  { topic: "tick.>.a" },
  { topic: "tick.ingest-*" },
])("names a function annotated with %o and takes the others", (annotations) => {
  const { triggered, misannotated } = readTriggeredFunctions([
    { name: "odd", annotations },
    { name: "fine", annotations: { topic: "tick.fine" } },
  ]);

  expect(misannotated.map(({ name }) => name)).toEqual(["odd"]);
  expect(triggered.map(({ name }) => name)).toEqual(["fine"]);
});

test("takes a list of topics, each once, and gives each a consumer of its own", () => {
  const { triggered } = readTriggeredFunctions([
    { name: "fills", annotations: { topic: "tick.fills, job.fills.>,tick.fills" } },
  ]);
  const [fills] = triggered;

  expect(fills?.topics).toEqual(["tick.fills", "job.fills.>"]);
  expect(fills?.topics.map((topic) => consumerName(fills, topic))).toEqual([
    "fills_tick_fills",
    "fills_job_fills_all",
  ]);
  expect(fills && consumerName({ ...fills, topics: ["tick.fills"] }, "tick.fills")).toBe("fills");
  expect(fills?.topics.map((topic) => deliveryKind({ topic }))).toEqual(["tick", "task"]);
});

test("refuses an answer that is no list of functions", () => {
  expect(() => readTriggeredFunctions({ error: "?" })).toThrow();
});

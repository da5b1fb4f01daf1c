import { join } from "node:path";
import { defineJob, type FunctionContext, type JobReport } from "@polytape/function-runtime";
import { findRepository } from "@polytape/local";
import { readStack } from "@polytape/local/gateway";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Collector, collectors } from "./full-store/collectors.ts";

/** What every function that stores promises for a store that takes nothing: say so, stay where it is, go on by itself. */
const silent = { info: () => {}, warn: () => {}, error: () => {} };

async function call(run: () => Promise<JobReport>): Promise<{ status: number; body: unknown }> {
  const job = { name: "a-collector", settings: z.object({}), input: z.unknown() };
  const handler = defineJob(
    { ...job, connect: async () => null, run },
    { environment: {}, now: () => 0, log: silent },
  );
  const answer = { status: 0, body: null as unknown };
  const context: FunctionContext = {
    status(code) {
      answer.status = code;
      return context;
    },
    headers: () => context,
    succeed(text) {
      answer.body = JSON.parse(String(text));
    },
    fail: () => {
      throw new Error("a job never answers by fail");
    },
  };
  await handler({ body: "{}", headers: {}, method: "POST", query: {}, path: "/" }, context);
  return answer;
}

function positions({ store, checkpoints }: Collector): Promise<unknown[]> {
  return Promise.all(checkpoints.map(async (name) => store.checkpoints.read(name)));
}

test("every function that stack.yml lets write what it collects is in the table", () => {
  const writers = readStack([join(findRepository(), "stack.yml")], {})
    .filter(({ labels }) => labels["polytape.role"] === "ingest")
    .map(({ name }) => name);

  expect([...collectors.keys()].sort()).toEqual(writers.sort());
});

describe.each(["store_full", "store_read_only", "store_busy"] as const)(
  "while the store answers %s",
  (code) => {
    test.each([...collectors])(
      "%s says so with 503, moves no checkpoint, and stores all at the next call",
      async (_, prepare) => {
        const collector = await prepare();
        const before = { stored: await collector.stored(), positions: await positions(collector) };
        collector.store.refuseWrites(code);

        const refused = await call(collector.run);

        expect(refused).toMatchObject({ status: 503, body: { error: { code } } });
        expect(before.stored).toBeLessThan(collector.all);
        expect({ stored: await collector.stored(), positions: await positions(collector) }).toEqual(before);
        collector.store.refuseWrites(null);
        expect(await call(collector.run)).toMatchObject({ status: 200 });
        expect(await collector.stored()).toBe(collector.all);
        for (const position of await positions(collector)) expect(position).not.toBeNull();
      },
    );
  },
);

import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { z } from "zod";
import { defineJob, type JobDefinition } from "./define-job.ts";
import type { FunctionContext, FunctionEvent } from "./open-faas.ts";

const settings = z.object({ LIMIT: z.string().default("1") });
type Job = JobDefinition<typeof settings.shape, { fail?: string | undefined }, { connections: number }>;

function aJob(changes: Partial<Job> = {}, environment: Record<string, string> = {}) {
  let connections = 0;
  const lines: string[] = [];
  const line = (event: string, facts?: object) => void lines.push(`${event} ${JSON.stringify(facts)}`);
  const handler = defineJob(
    {
      name: "a-job",
      settings,
      input: z.object({ fail: z.string().optional() }),
      connect: async () => ({ connections: ++connections }),
      run: async (parts, input) => {
        if (input.fail === "operating")
          throw new PolytapeError("operating", "store_unavailable", "The store is away.");
        if (input.fail) throw new Error("secret detail");
        return { connections: parts.connections };
      },
      ...changes,
    },
    { environment, now: () => 0, log: { info: line, warn: line, error: line } },
  );
  return { lines, call: (body: unknown) => callHandler(handler, body) };
}

async function callHandler(handler: ReturnType<typeof defineJob>, body: unknown) {
  const seen = { status: 0, body: "" };
  const context: FunctionContext = {
    status: (code) => {
      seen.status = code;
      return context;
    },
    headers: () => context,
    succeed: (value) => {
      seen.body = String(value);
    },
    fail: () => {
      throw new Error("a job never answers by fail");
    },
  };
  const event: FunctionEvent = { body, headers: {}, method: "POST", query: {}, path: "/" };
  await handler(event, context);
  return seen;
}

test("connects once and answers each run with its report", async () => {
  const job = aJob();

  const answers = [await job.call(""), await job.call({})];

  expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
  expect(JSON.parse(answers[1]?.body ?? "")).toMatchObject({ function: "a-job", connections: 1 });
});

test("answers 503 when a server is away, so that the trigger tries again", async () => {
  const answer = await aJob().call({ fail: "operating" });

  expect(answer.status).toBe(503);
  expect(answer.body).toContain("store_unavailable");
});

test("answers 500 to a thrown bug without telling what it was, and logs it", async () => {
  const job = aJob();

  const answer = await job.call({ fail: "bug" });

  expect(answer.status).toBe(500);
  expect(answer.body).not.toContain("secret detail");
  expect(job.lines.join()).toContain("secret detail");
});

test("answers 400 to a body it does not understand", async () => {
  const job = aJob();

  expect((await job.call({ fail: 7 })).status).toBe(400);
  expect((await job.call("{not json")).status).toBe(400);
});

test("connects again at the next call when connecting failed", async () => {
  let tries = 0;
  const job = aJob({
    connect: async () => {
      tries += 1;
      if (tries === 1) throw new PolytapeError("operating", "bus_unavailable", "The bus is away.");
      return { connections: tries };
    },
  });

  expect((await job.call({})).status).toBe(503);
  expect((await job.call({})).status).toBe(200);
});

test("does not run at all when it is switched off, and says so", async () => {
  const job = aJob({
    skip: () => "COLLECT_THINGS=false",
    connect: async () => Promise.reject(new Error("must not connect")),
  });

  const answer = await job.call({});

  expect(answer.status).toBe(200);
  expect(answer.body).toContain("COLLECT_THINGS=false");
});

test("hands the job a signal that aborts before the platform cuts the call", async () => {
  let aborted = false;
  const job = aJob(
    {
      run: async (_parts, _input, { signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        aborted = signal.aborted;
        return {};
      },
    },
    { exec_timeout: "1050ms" },
  );

  await job.call({});

  expect(aborted).toBe(true);
});

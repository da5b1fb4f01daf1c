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
  const levelOf = (level: string) => (event: string, facts?: object) => line(`${level} ${event}`, facts);
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
    {
      environment,
      now: () => 1_790_000_000_000,
      log: { info: levelOf("info"), warn: levelOf("warn"), error: levelOf("error") },
    },
  );
  const metrics = () => callHandler(handler, "", { method: "GET", path: "/metrics" });
  const call = (body: unknown, headers: FunctionEvent["headers"] = {}) =>
    callHandler(handler, body, { headers });
  return { lines, metrics, call };
}

async function callHandler(
  handler: ReturnType<typeof defineJob>,
  body: unknown,
  {
    method = "POST",
    path = "/",
    headers = {},
  }: { method?: string; path?: string; headers?: FunctionEvent["headers"] } = {},
) {
  const seen = { status: 0, body: "", type: "" };
  const context: FunctionContext = {
    status: (code) => {
      seen.status = code;
      return context;
    },
    headers: (values) => {
      seen.type = values["content-type"] ?? "";
      return context;
    },
    succeed: (value) => {
      seen.body = String(value);
    },
    fail: () => {
      throw new Error("a job never answers by fail");
    },
  };
  const event: FunctionEvent = { body, headers, method, query: {}, path };
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

test("tells Prometheus what its runs came to, without a run and without connecting", async () => {
  const reports = [
    { outcome: "done", rows: 5, stored: 3, ratio: 0.25, note: "x", rest: null },
    { outcome: "running", rows: 7, stored: 0 },
  ];
  const job = aJob({
    run: async (_, { fail }) => {
      if (fail) {
        const facts = { stored: 2, status: 502 };
        throw new PolytapeError("operating", "store_unavailable", "The store is away.", { facts });
      }
      return reports.shift() ?? {};
    },
  });

  const before = await job.metrics();
  for (const body of ["", "", { fail: "yes" }, { fail: 7 }]) await job.call(body);
  const after = await job.metrics();

  expect(before.status).toBe(200);
  expect(after.type).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(before.body).not.toContain("outcome=");
  const lines = after.body.split("\n");
  for (const line of [
    'polytape_runs_total{outcome="done",function="a-job"} 1',
    'polytape_runs_total{outcome="running",function="a-job"} 1',
    'polytape_runs_total{outcome="failed",function="a-job"} 1',
    'polytape_runs_total{outcome="refused",function="a-job"} 1',
    'polytape_run_duration_seconds_count{function="a-job"} 4',
    'polytape_rows{function="a-job"} 7',
    'polytape_rows_total{function="a-job"} 12',
    'polytape_stored_total{function="a-job"} 5',
    'polytape_failures_total{code="store_unavailable",function="a-job"} 1',
    'polytape_failures_total{code="input_invalid",function="a-job"} 1',
    'polytape_ratio{function="a-job"} 0.25',
  ])
    expect(lines).toContain(line);
  expect(after.body).not.toMatch(/polytape_(note|rest|outcome|status)/);
});

// A retention that refuses to delete, hour after hour, must not look as if it kept the tape within its days.
test.each(["refused", "failed"])("a run whose report says %s has failed", async (outcome) => {
  const job = aJob({ run: async () => ({ outcome }) });

  await job.call({});

  expect((await job.metrics()).body).toMatch(/polytape_last_failure_timestamp_seconds\S+ [1-9]/);
  expect((await job.metrics()).body).toContain('polytape_last_success_timestamp_seconds{function="a-job"} 0');
});

test("what a caller did wrong is no failure of the job", async () => {
  const job = aJob();

  await job.call({ fail: 7 });

  expect((await job.metrics()).body).toMatch(/polytape_last_(failure|success)_timestamp_seconds\S+ 0\n/);
  expect((await job.metrics()).body).not.toMatch(
    /polytape_last_(failure|success)_timestamp_seconds\S+ [1-9]/,
  );
});

test("a run that is skipped is neither success nor failure", async () => {
  const job = aJob({ skip: () => "COLLECT_THINGS=false" });

  await job.call({});

  expect((await job.metrics()).body).toContain('polytape_runs_total{outcome="skipped",function="a-job"} 1');
  expect((await job.metrics()).body).toContain('polytape_last_failure_timestamp_seconds{function="a-job"} 0');
  expect((await job.metrics()).body).toContain('polytape_last_success_timestamp_seconds{function="a-job"} 0');
});

// The template hands on `{}` for a body of any other type: without a word a wish would become a tick.
test.each([
  { "content-type": "application/x-www-form-urlencoded", "content-length": "20" },
  { "content-type": "application/x-www-form-urlencoded", "transfer-encoding": "chunked" },
  { "content-type": "multipart/form-data; boundary=x", "content-length": "20" },
  { "content-type": "application/vnd.api+json", "content-length": "20" },
])("answers 415 to a body that the template does not read: %j", async (headers) => {
  const answer = await aJob().call({}, headers);

  expect(answer.status).toBe(415);
  expect(JSON.parse(answer.body)).toMatchObject({
    function: "a-job",
    error: {
      code: "content_type_unsupported",
      message: expect.stringContaining("-H 'Content-Type: application/json'"),
    },
  });
});

test.each([
  [{}, { "content-type": "application/json; charset=utf-8", "transfer-encoding": "chunked" }],
  ["{}", { "content-type": "text/plain", "content-length": "2" }],
  ["{}", { "content-type": "Text/Plain", "transfer-encoding": "chunked" }],
  ["", { "transfer-encoding": "chunked" }],
  [{}, { "content-type": "application/x-www-form-urlencoded", "content-length": "0" }],
  [{}, { "content-type": "application/x-www-form-urlencoded" }],
])("runs with JSON, with text, and with no body whatever it is called: %j %j", async (body, headers) => {
  expect((await aJob().call(body, headers)).status).toBe(200);
});

test("logs what the caller did wrong as a warning, in one line that names the fields", async () => {
  const job = aJob({ input: z.strictObject({ fail: z.string().optional() }) });

  const answer = await job.call({ fail: 7, faill: "x" });

  const { message } = JSON.parse(answer.body).error;
  expect(message).toBe('fail: Invalid input: expected string, received number; Unrecognized key: "faill"');
  expect(job.lines).toHaveLength(1);
  expect(job.lines[0]).toMatch(/^warn refused /);
  expect(job.lines[0]).toContain("fail: Invalid input");
});

test("logs a server that is away and a bug as errors", async () => {
  const job = aJob();

  await job.call({ fail: "operating" });
  await job.call({ fail: "bug" });

  expect(job.lines.map((line) => line.split(" {")[0])).toEqual(["error failed", "error failed"]);
});

import { PolytapeError } from "@polytape/market-model";
import type { z } from "zod";
import { readEnvironment } from "./environment.ts";
import { jobMetrics, type ObservedRun } from "./job-metrics.ts";
import { createLog, errorFacts, type Log } from "./log.ts";
import {
  executionTimeoutMs,
  type FunctionContext,
  type FunctionEvent,
  type FunctionHandler,
  METRICS_PATH,
} from "./open-faas.ts";
import { readBody } from "./request-body.ts";
import { readSettings } from "./settings.ts";
import { statusOf } from "./status.ts";

/** What happened in one run, flat, for one log line and the answer's body. */
export type JobReport = Readonly<Record<string, unknown>>;

export interface RunContext {
  now(): number;
  /** Aborts shortly before the platform would cut the call: stop starting work, and report. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface JobDefinition<Shape extends z.ZodRawShape, Input, Parts> {
  readonly name: string;
  readonly settings: z.ZodObject<Shape>;
  /** Shape of the request's body; ticks have none, so it must accept an empty object. */
  readonly input: z.ZodType<Input>;
  /** A reason not to run at all (a collector switched off), or null. */
  readonly skip?: (settings: z.output<z.ZodObject<Shape>>) => string | null;
  /** Connects once per process, at the first call; tried again at the next call when it throws. */
  readonly connect: (settings: z.output<z.ZodObject<Shape>>, log: Log) => Promise<Parts>;
  readonly run: (parts: Parts, input: Input, context: RunContext) => Promise<JobReport>;
}

/** Left between our own deadline and the platform's, to report instead of being cut off. */
const REPORT_RESERVE_MS = 1_000;

/**
 * Makes a scheduled function of a job: settings are read at once (a fault stops the start with all faults
 * in one message), the input is validated, every path ends in an explicit status, and each run leaves one line.
 * `GET /metrics` runs nothing, and tells what the runs of this process came to.
 */
export function defineJob<Shape extends z.ZodRawShape, Input, Parts>(
  job: JobDefinition<Shape, Input, Parts>,
  platform: { environment: Readonly<Record<string, string | undefined>>; now: () => number; log?: Log } = {
    environment: readEnvironment(),
    now: Date.now,
  },
): FunctionHandler {
  const log = platform.log ?? createLog(job.name);
  const settings = readSettings(job.settings, platform.environment);
  const runForMs = Math.max(executionTimeoutMs(platform.environment) - REPORT_RESERVE_MS, REPORT_RESERVE_MS);
  const metrics = jobMetrics(job.name);
  let parts: Promise<Parts> | null = null;

  async function connected(): Promise<Parts> {
    parts ??= job.connect(settings, log);
    try {
      return await parts;
    } catch (error) {
      parts = null;
      throw error;
    }
  }

  async function runOnce(event: FunctionEvent, startedMs: number): Promise<JobReport> {
    const skipped = job.skip?.(settings) ?? null;
    if (skipped !== null) return { skipped };
    const input = readBody(job.input, event);
    const signal = AbortSignal.timeout(Math.max(runForMs - (platform.now() - startedMs), 0));
    return job.run(await connected(), input, { now: platform.now, signal, log });
  }

  return async (event, context) => {
    if (event.method === "GET" && event.path === METRICS_PATH)
      return answer(context, 200, await metrics.text(), metrics.contentType);
    const startedMs = platform.now();
    const end = (run: Pick<ObservedRun, "outcome" | "result" | "failureCode" | "report">): number => {
      const endedAtMs = platform.now();
      const tookMs = endedAtMs - startedMs;
      metrics.observe({ ...run, tookMs, endedAtMs });
      return tookMs;
    };
    try {
      const report = await runOnce(event, startedMs);
      const outcome = outcomeOf(report);
      const tookMs = end({ outcome, result: resultOf(outcome), failureCode: null, report });
      log.info("run", { ...report, took_ms: tookMs });
      return answerJson(context, 200, { function: job.name, ...report, took_ms: tookMs });
    } catch (error) {
      const status = statusOf(error);
      // What the caller did wrong is theirs to mend: nobody need look at the function.
      const [outcome, level] = status < 500 ? (["refused", "warn"] as const) : (["failed", "error"] as const);
      const facts = errorFacts(error);
      const failureCode = String(facts["code"]);
      const result = outcome === "failed" ? "failure" : "neither";
      const tookMs = end({ outcome, result, failureCode, report: facts });
      log[level](outcome, { status, ...facts, took_ms: tookMs });
      return answerJson(context, status, { function: job.name, error: publicError(error) });
    }
  };
}

function outcomeOf(report: JobReport): string {
  if ("skipped" in report) return "skipped";
  const { outcome } = report;
  return typeof outcome === "string" ? outcome : "done";
}

/** A run may say itself that it did not do what it is for. */
function resultOf(outcome: string): ObservedRun["result"] {
  if (outcome === "skipped") return "neither";
  return outcome === "refused" || outcome === "failed" ? "failure" : "success";
}

function publicError(error: unknown): { code: string; message: string } {
  if (error instanceof PolytapeError) return { code: error.code, message: error.message };
  return { code: "unexpected", message: "An unexpected error; the function's log says which." };
}

function answerJson(context: FunctionContext, status: number, body: unknown): unknown {
  return answer(context, status, JSON.stringify(body), "application/json");
}

function answer(context: FunctionContext, status: number, text: string, contentType: string): unknown {
  return context.status(status).headers({ "content-type": contentType }).succeed(text);
}

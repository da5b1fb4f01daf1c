import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { boundedLabels } from "./bounded-labels.ts";

/** How a run ended, for whoever watches. */
export interface ObservedRun {
  /** The report's own outcome, or what became of a run that has none to tell. */
  readonly outcome: string;
  /** Code of the error that ended it; null when none did. */
  readonly failureCode: string | null;
  /** Whether it did what it is for; `neither` when it was not to, or its caller was wrong. */
  readonly result: "success" | "failure" | "neither";
  readonly tookMs: number;
  readonly endedAtMs: number;
  /** Of a run that an error ended: its facts, of which only what adds up is taken. */
  readonly report: Readonly<Record<string, unknown>>;
}

export interface JobMetrics {
  observe(run: ObservedRun): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Fields of reports that add up over runs: each that a report had is a counter beside its gauge. */
const CUMULATIVE = new Set([
  "rows",
  "stored",
  "repeated",
  "rejected",
  "pages",
  "anomalies",
  "missing_rows",
  "extra_rows",
  "written",
  "unverified",
  "collided",
  "upstream_requests",
  "upstream_throttled",
  "upstream_waited_seconds",
]);
const OUTCOMES_MAX = 20;
const CODES_MAX = 30;
const FIELDS_MAX = 64;
const NAME = /^[a-z][a-z0-9_]{0,60}$/;
const DURATION_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/**
 * What a job's runs add up to in this process, and the numbers of the last run that had them. Counters of
 * fields begin with the first report that has the field: a function exports nothing that it does not count.
 */
export function jobMetrics(functionName: string): JobMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ function: functionName });
  const registers = [registry];
  const runs = new Counter({
    name: "polytape_runs_total",
    help: "Runs by outcome.",
    labelNames: ["outcome"],
    registers,
  });
  const failures = new Counter({
    name: "polytape_failures_total",
    help: "Runs that an error ended, by its code; what the caller did wrong is among them.",
    labelNames: ["code"],
    registers,
  });
  const duration = new Histogram({
    name: "polytape_run_duration_seconds",
    help: "How long runs took.",
    buckets: DURATION_SECONDS,
    registers,
  });
  const lastSuccess = new Gauge({
    name: "polytape_last_success_timestamp_seconds",
    help: "When the last run that did its work ended.",
    registers,
  });
  const lastFailure = new Gauge({
    name: "polytape_last_failure_timestamp_seconds",
    help: "When the last run ended that failed to do its work.",
    registers,
  });
  const outcomeOf = boundedLabels(OUTCOMES_MAX, NAME);
  const codeOf = boundedLabels(CODES_MAX, NAME);
  const fields = reportFields(registers);

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observe({ outcome, failureCode, result, tookMs, endedAtMs, report }) {
      runs.inc({ outcome: outcomeOf(outcome) });
      duration.observe(tookMs / 1_000);
      if (failureCode !== null) failures.inc({ code: codeOf(failureCode) });
      if (result === "success") lastSuccess.set(endedAtMs / 1_000);
      if (result === "failure") lastFailure.set(endedAtMs / 1_000);
      for (const [field, value] of Object.entries(report)) {
        const isOfRun = failureCode === null || CUMULATIVE.has(field);
        if (isOfRun && typeof value === "number" && Number.isFinite(value)) fields.take(field, value);
      }
    },
  };
}

/** One gauge a numeric field, and a counter for those that add up. */
function reportFields(registers: Registry[]) {
  const gauges = new Map<string, Gauge>();
  const counters = new Map<string, Counter>();
  const taken = new Set([
    "last_success_timestamp_seconds",
    "last_failure_timestamp_seconds",
    "run_duration_seconds",
  ]);

  return {
    take(field: string, value: number): void {
      if (!NAME.test(field) || field.endsWith("_total") || taken.has(field)) return;
      let gauge = gauges.get(field);
      if (!gauge) {
        if (gauges.size >= FIELDS_MAX) return;
        const help = `The field ${field} of the last run's report that had it.`;
        gauge = new Gauge({ name: `polytape_${spelledOut(field)}`, help, registers });
        gauges.set(field, gauge);
        if (CUMULATIVE.has(field)) {
          const help = `The field ${field} of all runs' reports, added up.`;
          counters.set(field, new Counter({ name: `polytape_${field}_total`, help, registers }));
        }
      }
      gauge.set(value);
      if (value > 0) counters.get(field)?.inc(value);
    },
  };
}

/** On a log line a unit is short; Prometheus wants it whole. */
function spelledOut(field: string): string {
  return field.replace(/_s(?=$|_max$)/, "_seconds");
}

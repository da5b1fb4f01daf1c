import { MINUTE_MS } from "@polytape/market-model";
import { durationText } from "./duration-text.ts";
import { type Finding, failed, ok, some, warning } from "./finding.ts";
import { readSamples, type Sample } from "./read-samples.ts";

/** What a function answers when it is asked for its metrics. */
export interface ToldMetrics {
  readonly name: string;
  readonly status: number;
  readonly text: string;
}

/** One failure may be a server that was just being started. */
const FAILURES_MIN = 3;
const WITHOUT_SUCCESS_MAX_MS = 2 * MINUTE_MS;

/** Of each function's process since it began: who fails now has failed later than it last did its work. */
export function judgeRuns(told: readonly ToldMetrics[], nowMs: number): Finding {
  const silent = told.filter(({ status }) => status !== 200);
  const failing = told.flatMap(({ name, text }) => {
    const trouble = troubleOf(readSamples(text), nowMs);
    return trouble ? [{ name, ...trouble }] : [];
  });
  const said = [
    ...silent.map(({ name, status }) => `${name} answers ${status}`),
    ...failing.map(({ name, said }) => `${name} ${said}`),
  ];
  const [first] = [...silent, ...failing];
  if (!first) return ok(`none of ${told.length} functions fails`);
  const cure = `read its log (make logs NAME=${first.name}, or faas-cli logs ${first.name}); store_… and bus_…: see the lines opensearch, disk and nats; upstream_…: docs/runbooks/ingest-is-behind.md`;
  const isGrave = silent.length > 0 || failing.some((each) => each.isGrave);
  return isGrave ? failed(some(said), cure) : warning(some(said), cure);
}

/** Null when it does not fail; it may never have been called. */
function troubleOf(samples: readonly Sample[], nowMs: number): { said: string; isGrave: boolean } | null {
  const lastMs = (what: "success" | "failure") =>
    (samples.find(({ name }) => name === `polytape_last_${what}_timestamp_seconds`)?.value ?? 0) * 1_000;
  const successMs = lastMs("success");
  if (lastMs("failure") <= successMs) return null;
  const failures = samples
    .filter(({ name, labels }) => name === "polytape_runs_total" && FAILED.has(labels["outcome"] ?? ""))
    .reduce((sum, { value }) => sum + value, 0);
  const since = successMs === 0 ? "since it was started" : `for ${durationText(nowMs - successMs)}`;
  const isGrave = successMs === 0 ? failures >= FAILURES_MIN : nowMs - successMs > WITHOUT_SUCCESS_MAX_MS;
  return { said: `has not succeeded ${since} (${gravestCode(samples)})`, isGrave };
}

const FAILED: ReadonlySet<string> = new Set(["failed", "refused"]);

function gravestCode(samples: readonly Sample[]): string {
  const codes = samples.filter(({ name }) => name === "polytape_failures_total");
  const [most] = codes.sort((a, b) => b.value - a.value);
  return most ? `${most.labels["code"]}, ${most.value} times` : "refused, by its own report";
}

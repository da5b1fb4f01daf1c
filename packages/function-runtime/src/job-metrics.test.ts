import { expect, test } from "vitest";
import { jobMetrics, type ObservedRun } from "./job-metrics.ts";
import { requestMetrics } from "./request-metrics.ts";

const aRun = (changes: Partial<ObservedRun> = {}): ObservedRun => ({
  outcome: "done",
  failureCode: null,
  result: "success",
  tookMs: 1_500,
  endedAtMs: 1_790_000_000_500,
  report: {},
  ...changes,
});

test("says when a run last did its work, and when one last failed to", async () => {
  const metrics = jobMetrics("a-job");

  metrics.observe(aRun());
  metrics.observe(aRun({ result: "failure", endedAtMs: 1_790_000_099_000 }));
  metrics.observe(aRun({ result: "neither", endedAtMs: 1_790_000_199_000 }));

  const text = await metrics.text();
  expect(text).toContain('polytape_last_success_timestamp_seconds{function="a-job"} 1790000000.5');
  expect(text).toContain('polytape_last_failure_timestamp_seconds{function="a-job"} 1790000099');
  expect(text).toContain('polytape_run_duration_seconds_sum{function="a-job"} 4.5');
});

// Each is a time series that whoever collects them keeps for ever.
test("bounds outcomes, fields and their names", async () => {
  const metrics = jobMetrics("a-job");

  for (let n = 0; n < 100; n += 1)
    metrics.observe(
      aRun({ outcome: `outcome_${n}`, report: { [`field_${n}`]: n, "0x!": 1, rows_total: 3 } }),
    );

  const text = await metrics.text();
  expect(text.match(/polytape_runs_total\{/g)).toHaveLength(21);
  expect(text).toContain('polytape_runs_total{outcome="other",function="a-job"} 80');
  expect(text.match(/^polytape_field_\d+\{/gm)).toHaveLength(64);
  expect(text).not.toContain("polytape_rows_total");
  expect(text).not.toContain("0x!");
});

// A gauge of the last error's status, or of its tries, would say nothing about the runs.
test("counts failures by their code, and of their facts only what adds up", async () => {
  const metrics = jobMetrics("a-job");
  const failed = { outcome: "failed", result: "failure", failureCode: "store_unavailable" } as const;
  metrics.observe(aRun({ report: { stored: 1 } }));

  metrics.observe(aRun({ ...failed, report: { stored: 2, pages: 4, status: 502, tries: 3 } }));
  metrics.observe(aRun({ ...failed, failureCode: "EPIPE", report: {} }));

  const text = await metrics.text();
  expect(text).toContain('polytape_failures_total{code="store_unavailable",function="a-job"} 1');
  expect(text).toContain('polytape_failures_total{code="other",function="a-job"} 1');
  expect(text).toContain('polytape_stored_total{function="a-job"} 3');
  expect(text).toContain('polytape_pages_total{function="a-job"} 4');
  expect(text).not.toMatch(/polytape_(status|tries)/);
});

test("spells units out, as Prometheus wants them", async () => {
  const metrics = jobMetrics("a-job");

  metrics.observe(aRun({ report: { upstream_lag_s: 4, late_s_max: 9, rows_stored: 1 } }));

  const text = await metrics.text();
  expect(text).toContain('polytape_upstream_lag_seconds{function="a-job"} 4');
  expect(text).toContain('polytape_late_seconds_max{function="a-job"} 9');
  expect(text).toContain('polytape_rows_stored{function="a-job"} 1');
});

// A book collector that exports anomalies, always 0, looks as if somebody had checked its books.
test("exports a counter only of what a report of this function had", async () => {
  const metrics = jobMetrics("a-job");
  const before = await metrics.text();

  metrics.observe(aRun({ report: { rows: 0, stored: 2 } }));
  metrics.observe(aRun({ report: { stored: 3 } }));

  const after = await metrics.text();
  expect(before).not.toMatch(/polytape_(rows|stored|anomalies)_total/);
  expect(after).toContain('polytape_rows_total{function="a-job"} 0');
  expect(after).toContain('polytape_stored_total{function="a-job"} 5');
  expect(after).not.toContain("anomalies");
});

test("counts requests by route and status, and routes without end as one", async () => {
  const metrics = requestMetrics("an-api");

  metrics.observe({ method: "GET", route: "/v1/markets/{id}", status: 200, tookMs: 20 });
  metrics.observe({ method: "GET", route: "/v1/markets/{id}", status: 404, tookMs: 20 });
  for (let n = 0; n < 100; n += 1) metrics.observe({ method: "GET", route: `/${n}`, status: 404, tookMs: 1 });

  const text = await metrics.text();
  expect(text).toContain(
    'polytape_requests_total{method="GET",route="/v1/markets/{id}",status="404",function="an-api"} 1',
  );
  // A refusal is answered at once: beside the answers it would make them look fast.
  for (const statusClass of ["2xx", "4xx"])
    expect(text).toContain(
      `polytape_request_duration_seconds_count{function="an-api",route="/v1/markets/{id}",status_class="${statusClass}"} 1`,
    );
  expect(text).toContain('route="other",status="404",function="an-api"} 51');
});

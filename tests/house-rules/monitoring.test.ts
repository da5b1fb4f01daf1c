import { join } from "node:path";
import { readStack } from "@polytape/local/gateway";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { documentedMetrics } from "./metrics-table.ts";
import { ROOT, repositoryFiles, textOf } from "./repository.ts";

/** What watches a server knows everything that is to be watched, and nothing that is not there. */
const functions = readStack([join(ROOT, "stack.yml")], {}).map(({ name }) => name);
const jobs = functions.filter((name) => name !== "query-api");
const documented = documentedMetrics(jobs);
const names = new Set(documented.map(({ name }) => name));

interface ScrapeJob {
  readonly job_name: string;
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}
const scraped: readonly ScrapeJob[] = parse(textOf("deploy/prometheus.yml")).scrape_configs;
const targetsOf = (job: string) =>
  scraped.filter((each) => each.job_name === job).flatMap((each) => each.static_configs[0]?.targets ?? []);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}
const rules: readonly Rule[] = parse(textOf("deploy/prometheus-rules.yml")).groups.flatMap(
  (group: { rules: readonly Rule[] }) => group.rules,
);

/** Histograms have series of their own. */
const metricsIn = (text: string) =>
  [...text.matchAll(/polytape_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ""));

test("deploy/prometheus.yml asks every function of stack.yml, and no other", () => {
  expect([...targetsOf("polytape-functions")].sort()).toEqual([...functions].sort());
});

test("every deployment serves the trigger's metrics where deploy/prometheus.yml asks for them", () => {
  const [host, port] = (targetsOf("polytape-trigger")[0] ?? "").split(":");
  const { services } = parse(textOf("deploy/faasd/services.yaml"));
  const unit = textOf("deploy/systemd/polytape-trigger.service");
  const ofCompose = parse(textOf("compose.yaml")).services["function-trigger"];

  expect(services["polytape-trigger"].environment).toEqual(
    expect.arrayContaining(["TRIGGER_METRICS_HOST=0.0.0.0", `TRIGGER_METRICS_PORT=${port}`]),
  );
  expect(services["polytape-trigger"].ports).toEqual([`${host}:${port}:${port}`]);
  expect(unit).toContain(`\nEnvironment=TRIGGER_METRICS_HOST=${host}\n`);
  expect(unit).toContain(`\nEnvironment=TRIGGER_METRICS_PORT=${port}\n`);
  expect(ofCompose.environment).toMatchObject({
    TRIGGER_METRICS_HOST: "0.0.0.0",
    TRIGGER_METRICS_PORT: port,
  });
  expect(ofCompose.ports).toEqual([`127.0.0.1:${port}:${port}`]);
});

test("every metric that a rule asks for is in docs/metrics.md", () => {
  const asked = rules.flatMap(({ expr }) => metricsIn(expr));

  expect(asked.filter((name) => !names.has(name))).toEqual([]);
  expect(asked.length).toBeGreaterThan(10);
});

test.each(rules)("$alert says how grave it is and what to do", ({ labels, annotations }) => {
  expect(labels.severity).toMatch(/^(warning|critical)$/);
  expect(annotations.summary.length).toBeGreaterThan(10);
  expect(annotations.description.length).toBeGreaterThan(10);
});

test("the rules name only functions of stack.yml, and only files that are there", () => {
  const text = textOf("deploy/prometheus-rules.yml");
  const files = new Set(repositoryFiles());
  const named = [...text.matchAll(/function="([^"]+)"/g)].map(([, name = ""]) => name);
  const paths = text.match(/\b(docs|deploy|functions)\/[\w./-]+\.(md|sh|yml)/g) ?? [];

  expect(named.filter((name) => !functions.includes(name))).toEqual([]);
  expect(paths.filter((path) => !files.has(path))).toEqual([]);
});

test("docs/metrics.md has every metric that is made by name, once, and says who tells it", () => {
  const made = repositoryFiles()
    .filter((path) => /^(packages|services|functions)\/.*\.ts$/.test(path) && !path.endsWith(".test.ts"))
    .flatMap((path) => [...textOf(path).matchAll(/name: "(polytape_\w+)"/g)].map(([, name = ""]) => name));
  const strangers = documented
    .flatMap(({ tellers }) => tellers)
    .filter((teller) => ![...functions, "function-trigger"].includes(teller));

  expect(made.filter((name) => !names.has(name))).toEqual([]);
  expect(names.size).toBe(documented.length);
  expect(strangers).toEqual([]);
});

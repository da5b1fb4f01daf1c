import { textOf } from "./repository.ts";

export interface DocumentedMetric {
  readonly name: string;
  /** Functions and services that tell it; `every job` spelled out. */
  readonly tellers: readonly string[];
}

/** The table of docs/metrics.md. */
export function documentedMetrics(jobs: readonly string[]): DocumentedMetric[] {
  const rows = [...textOf("docs/metrics.md").matchAll(/^\| `(polytape_\w+)` \| ([^|]+) \|/gm)];
  return rows.map(([, name = "", tellers = ""]) => ({
    name,
    tellers: tellers.trim() === "every job" ? jobs : tellers.split(",").map((each) => each.trim()),
  }));
}

import { Counter, Histogram, Registry } from "prom-client";
import { boundedLabels } from "./bounded-labels.ts";

export interface RequestMetrics {
  /** `route` is the pattern that answered (`/v1/markets/{id}`), never the path that was asked for. */
  observe(request: { method: string; route: string; status: number; tookMs: number }): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

const ROUTES_MAX = 50;
const METHODS_MAX = 10;
const DURATION_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How many requests a function answered, with what, and how fast, in this process. */
export function requestMetrics(functionName: string): RequestMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ function: functionName });
  const registers = [registry];
  const requests = new Counter({
    name: "polytape_requests_total",
    help: "Requests by method, route and status.",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const duration = new Histogram({
    name: "polytape_request_duration_seconds",
    help: "How long answers took, by route and class of the status (2xx).",
    // A series for each bucket: the status itself would make many of them.
    labelNames: ["route", "status_class"],
    buckets: DURATION_SECONDS,
    registers,
  });
  const methodOf = boundedLabels(METHODS_MAX, /^[A-Z]{1,10}$/);
  const routeOf = boundedLabels(ROUTES_MAX, /^[\x21-\x7e]{1,100}$/);

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observe({ method, route, status, tookMs }) {
      const named = routeOf(route);
      requests.inc({ method: methodOf(method), route: named, status: String(status) });
      duration.observe({ route: named, status_class: `${Math.floor(status / 100)}xx` }, tookMs / 1_000);
    },
  };
}

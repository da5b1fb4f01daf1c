/** What the stock node20 template hands to a function. `path` stays percent-encoded. */
export interface FunctionEvent {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly method: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly path: string;
}

export interface FunctionContext {
  status(code: number): FunctionContext;
  headers(values: Record<string, string>): FunctionContext;
  succeed(value: unknown): unknown;
  fail(value: unknown): unknown;
}

/**
 * Answers by `context.succeed` with an explicit status and content type on every path, and never throws:
 * the template turns a thrown error into a 200.
 */
export type FunctionHandler = (event: FunctionEvent, context: FunctionContext) => Promise<unknown>;

/** The watchdog hands its own limit to the function; `10s` is the template's default. */
export function executionTimeoutMs(environment: Readonly<Record<string, string | undefined>>): number {
  const text = environment["exec_timeout"] || "10s";
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const totalMs = parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ""] ?? 0),
    0,
  );
  return totalMs > 0 ? totalMs : 10_000;
}

/** Where a function tells Prometheus about itself: `GET /function/<name>/metrics` at the gateway. */
export const METRICS_PATH = "/metrics";

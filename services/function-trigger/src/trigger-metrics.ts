import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { DeliveryDecision } from "./delivery-decision.ts";

/** What one function's deliveries come to in this process, for whoever watches. */
export interface FunctionMetrics {
  /** `status` null: no answer. */
  call(call: { status: number | null; tookMs: number }): void;
  /** What became of a message: a dead letter counts when it is written. */
  message(act: DeliveryDecision["act"]): void;
  /** A tick was taken that fires every so often; what was due since the one before was replaced before it could be. */
  tick(publishedAtMs: number, everyMs: number): void;
}

export interface TriggerMetrics {
  of(functionName: string): FunctionMetrics;
  /** In Prometheus' text format; `waiting` is asked for at that moment. */
  text(waiting: readonly Waiting[]): Promise<string>;
  readonly contentType: string;
}

/** Messages of a topic that its function has not been given yet. */
export interface Waiting {
  readonly functionName: string;
  readonly topic: string;
  readonly messages: number;
}

const DURATION_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Counters begin at zero with the process, as Prometheus expects. Labels are what is deployed and statuses: few. */
export function triggerMetrics(): TriggerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const calls = new Counter({
    name: "polytape_trigger_calls_total",
    help: "Calls by function and status of the answer; none: no answer.",
    labelNames: ["function", "status"],
    registers,
  });
  const duration = new Histogram({
    name: "polytape_trigger_call_duration_seconds",
    help: "How long calls took, by function.",
    labelNames: ["function"],
    buckets: DURATION_SECONDS,
    registers,
  });
  const countOf = (name: string, help: string) =>
    new Counter({ name: `polytape_trigger_${name}_total`, help, labelNames: ["function"], registers });
  const settled = {
    acknowledge: countOf("acknowledged", "Messages whose call succeeded."),
    drop: countOf("ticks_failed", "Ticks whose call failed: the next tick is their retry."),
    retry: countOf("retries", "Messages that will be delivered again."),
    bury: countOf("dead_letters", "Messages given up and kept as dead letters."),
  } satisfies Record<DeliveryDecision["act"], Counter>;
  const skipped = countOf("ticks_skipped", "Ticks that a newer one replaced before they could be taken.");
  const waitingMessages = new Gauge({
    name: "polytape_trigger_waiting_messages",
    help: "Messages not delivered yet, by function and topic.",
    labelNames: ["function", "topic"],
    registers,
  });
  const lastTickMs = new Map<string, number>();

  return {
    contentType: registry.contentType,
    of: (name) => ({
      call({ status, tookMs }) {
        calls.inc({ function: name, status: status === null ? "none" : String(status) });
        duration.observe({ function: name }, tookMs / 1_000);
      },
      message: (act) => settled[act].inc({ function: name }),
      tick(publishedAtMs, everyMs) {
        const before = lastTickMs.get(name);
        lastTickMs.set(name, publishedAtMs);
        if (before !== undefined)
          skipped.inc({ function: name }, ticksBetween(before, publishedAtMs, everyMs));
      },
    }),
    text(waiting) {
      waitingMessages.reset();
      for (const { functionName, topic, messages } of waiting) {
        waitingMessages.set({ function: functionName, topic }, messages);
        // From zero on: of a counter that appears with its first dead letter no increase is seen.
        for (const counter of [...Object.values(settled), skipped])
          counter.inc({ function: functionName }, 0);
      }
      return registry.metrics();
    },
  };
}

/** Ticks that were due between two that were taken; a delivery again is none, and a jitter of half a beat neither. */
export function ticksBetween(beforeMs: number, nowMs: number, everyMs: number): number {
  return Math.max(0, Math.round((nowMs - beforeMs) / everyMs) - 1);
}

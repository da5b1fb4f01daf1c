import type { BusMessage } from "@polytape/event-bus";
import { errorFacts } from "@polytape/function-runtime";
import { callFunction, type DeliveryParts } from "./call-function.ts";
import { type CallSummary, createCallStatistics } from "./call-statistics.ts";
import { growingDelayMs } from "./growing-delay.ts";
import { pause } from "./pause.ts";
import { planCalls } from "./plan-calls.ts";
import { deliveryKind, type TriggeredFunction } from "./triggered-function.ts";

/** One function being fed. */
export interface RunningTrigger {
  /** Takes no more messages; resolves when the calls in flight are answered and settled. */
  drain(): Promise<void>;
  summary(): CallSummary | null;
}

/** Tasks have delays of their own; between calls a failing function only gets room to breathe. */
const TASK_PAUSE_MAX_MS = 5_000;

/**
 * Feeds one function from its durable consumer. `concurrency` calls at most run at once: each is made by
 * a pull loop of its own that takes the next message only when its call is over. While the function fails,
 * the loops pause longer and longer; a success ends that.
 */
export async function runTrigger(
  parts: DeliveryParts,
  triggered: TriggeredFunction,
  acknowledgeWithinMs: number,
): Promise<RunningTrigger> {
  const statistics = createCallStatistics();
  const draining = new AbortController();
  const pauseMaxMs =
    deliveryKind(triggered) === "tick"
      ? parts.limits.delayMaxMs
      : Math.min(TASK_PAUSE_MAX_MS, parts.limits.delayMaxMs);
  let failuresInARow = 0;

  async function deliver(messages: readonly BusMessage[]): Promise<void> {
    const stopExtending = extendRegularly(messages, acknowledgeWithinMs);
    try {
      for (const call of planCalls(messages)) {
        if (draining.signal.aborted) {
          for (const message of call) message.retryAfter(0);
          continue;
        }
        const health = await callFunction(parts, triggered, call, statistics);
        if (health === "succeeded") failuresInARow = 0;
        if (health === "failed" || (health === "refused" && deliveryKind(triggered) === "tick")) {
          failuresInARow += 1;
          await pause(growingDelayMs(failuresInARow, pauseMaxMs), draining.signal);
        }
      }
    } finally {
      stopExtending();
    }
  }

  const consumption = await parts.bus.consume(
    {
      name: triggered.name,
      subject: triggered.topic,
      concurrencyMax: triggered.concurrency,
      batchMax: triggered.batch,
      acknowledgeWithinMs,
      onTrouble: sayAtMostOnceAMinute(parts, triggered),
    },
    deliver,
  );
  return {
    drain: () => {
      draining.abort();
      return consumption.drain();
    },
    summary: statistics.take,
  };
}

/** Keeps the server from delivering again what is still at work; answered messages ignore it. */
function extendRegularly(messages: readonly BusMessage[], acknowledgeWithinMs: number): () => void {
  const timer = setInterval(() => {
    for (const message of messages) message.extend();
  }, acknowledgeWithinMs / 3);
  return () => clearInterval(timer);
}

/** Taking messages is tried every second while NATS is away; a line for each would bury the others. */
function sayAtMostOnceAMinute(
  { log, now }: DeliveryParts,
  { name }: TriggeredFunction,
): (error: unknown) => void {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (now() - saidMs < 60_000) return;
    saidMs = now();
    log.warn("no messages", { function: name, ...errorFacts(error) });
  };
}

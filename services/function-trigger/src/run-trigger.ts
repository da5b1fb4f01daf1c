import type { BusMessage, ConsumerQuery, Consumption } from "@polytape/event-bus";
import { errorFacts } from "@polytape/function-runtime";
import { callFunction, type DeliveryParts } from "./call-function.ts";
import { type CallSlots, createCallSlots } from "./call-slots.ts";
import { type CallStatistics, type CallSummary, createCallStatistics } from "./call-statistics.ts";
import { createFailureCounts } from "./failure-counts.ts";
import { growingDelayMs } from "./growing-delay.ts";
import { pause } from "./pause.ts";
import { planCalls } from "./plan-calls.ts";
import type { Waiting } from "./trigger-metrics.ts";
import {
  consumerName,
  deliveryKind,
  type FunctionTopic,
  type TriggeredFunction,
} from "./triggered-function.ts";

/** One function being fed. */
export interface RunningTrigger {
  /** Takes no more messages; resolves when the calls in flight are answered and settled. */
  drain(): Promise<void>;
  summary(): CallSummary | null;
  /** Asks the server; a topic of which it says nothing is left out. */
  waiting(): Promise<Waiting[]>;
}

/** Tasks have delays of their own; between calls a failing function only gets room to breathe. */
const TASK_PAUSE_MAX_MS = 5_000;

/**
 * Feeds one function from the durable consumers of its topics. `concurrency` calls at most run at once over
 * all of them: who took a message waits for a free call, in turn.
 */
export async function runTrigger(
  parts: DeliveryParts,
  triggered: TriggeredFunction,
  acknowledgeWithinMs: number,
): Promise<RunningTrigger> {
  const statistics = createCallStatistics();
  const draining = new AbortController();
  const slots = createCallSlots(triggered.concurrency);
  const feeding: { topic: string; consumption: Consumption }[] = [];
  const drain = async (): Promise<void> => {
    draining.abort();
    await Promise.all(feeding.map(({ consumption }) => consumption.drain()));
  };

  for (const topic of triggered.topics) {
    const fed = { name: triggered.name, batch: triggered.batch, topic };
    const query: ConsumerQuery = {
      name: consumerName(triggered, topic),
      subject: topic,
      concurrencyMax: triggered.concurrency,
      batchMax: triggered.batch,
      acknowledgeWithinMs,
      onTrouble: sayAtMostOnceAMinute(parts, fed),
    };
    try {
      const deliver = deliveryOf(parts, fed, { slots, statistics, draining: draining.signal });
      const countTicks = tickCounter(parts, triggered, topic);
      const consumption = await parts.bus.consume(query, async (messages) => {
        countTicks(messages);
        const stopExtending = extendRegularly(messages, acknowledgeWithinMs);
        await deliver(messages).finally(stopExtending);
      });
      feeding.push({ topic, consumption });
    } catch (error) {
      await drain();
      throw error;
    }
  }
  return {
    drain,
    summary: statistics.take,
    async waiting() {
      const counts = feeding.map(async ({ topic, consumption }) => {
        const messages = await consumption.waiting().catch(() => null);
        return messages === null ? [] : [{ functionName: triggered.name, topic, messages }];
      });
      return (await Promise.all(counts)).flat();
    },
  };
}

/** Tells the metrics of each tick that is taken, once. */
function tickCounter(
  { metrics }: DeliveryParts,
  { name, everyMs }: TriggeredFunction,
  topic: string,
): (messages: readonly BusMessage[]) => void {
  if (everyMs === null || deliveryKind({ topic }) !== "tick") return () => {};
  return (messages) => {
    for (const { deliveries, publishedAtMs } of messages)
      if (deliveries === 1) metrics.of(name).tick(publishedAtMs, everyMs);
  };
}

/**
 * What is done with the messages taken from one topic. While the function fails on it, pauses grow between
 * its calls; a success ends that. A pause holds no call from the other topics.
 */
function deliveryOf(
  parts: DeliveryParts,
  fed: FunctionTopic,
  { slots, statistics, draining }: { slots: CallSlots; statistics: CallStatistics; draining: AbortSignal },
): (messages: readonly BusMessage[]) => Promise<void> {
  const isTick = deliveryKind(fed) === "tick";
  const { delayMaxMs } = parts.limits;
  const pauseMaxMs = isTick ? delayMaxMs : Math.min(TASK_PAUSE_MAX_MS, delayMaxMs);
  const records = { statistics, failures: createFailureCounts() };
  let failuresInARow = 0;

  return async (messages) => {
    for (const call of planCalls(messages)) {
      const verdict = await slots.run(async () => {
        if (!draining.aborted) return callFunction(parts, fed, call, records);
        for (const message of call) message.retryAfter(0);
        return null;
      });
      if (verdict === "succeeded") failuresInARow = 0;
      // A task that is refused is at fault itself, and no sign of a sick function.
      else if (verdict !== null && (verdict !== "refused" || isTick)) {
        failuresInARow += 1;
        await pause(growingDelayMs(failuresInARow, pauseMaxMs), draining);
      }
    }
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
  { name, topic }: FunctionTopic,
): (error: unknown) => void {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (now() - saidMs < 60_000) return;
    saidMs = now();
    log.warn("no messages", { function: name, topic, ...errorFacts(error) });
  };
}

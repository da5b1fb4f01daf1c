import type { BusMessage, EventBus } from "@polytape/event-bus";
import { errorFacts, type Log } from "@polytape/function-runtime";
import { judgeAnswer, type Verdict } from "./answer-verdict.ts";
import type { CallStatistics } from "./call-statistics.ts";
import { type DeliveryLimits, decideDelivery } from "./delivery-decision.ts";
import type { FailureCounts } from "./failure-counts.ts";
import type { CallAnswer, FunctionCall, Gateway } from "./gateway.ts";
import { settleMessage } from "./settle-message.ts";
import type { TriggerMetrics } from "./trigger-metrics.ts";
import { deliveryKind, type FunctionTopic } from "./triggered-function.ts";

/** What delivering needs, the same for every call. */
export interface DeliveryParts {
  readonly bus: Pick<EventBus, "publishDeadLetter" | "consume">;
  readonly gateway: Pick<Gateway, "call">;
  readonly log: Log;
  readonly now: () => number;
  readonly limits: DeliveryLimits;
  readonly metrics: Pick<TriggerMetrics, "of">;
}

/** What is remembered of one topic's calls. */
export interface CallRecords {
  readonly statistics: CallStatistics;
  readonly failures: FailureCounts;
}

/** Calls the function once with the messages, and settles each of them by the answer. */
export async function callFunction(
  parts: DeliveryParts,
  triggered: FunctionTopic,
  messages: readonly BusMessage[],
  records: CallRecords,
): Promise<Verdict> {
  const startedMs = parts.now();
  const answer = await parts.gateway.call(toCall(triggered, messages));
  const tookMs = parts.now() - startedMs;
  const verdict = judgeAnswer(answer);
  records.statistics.count({ succeeded: verdict === "succeeded", tookMs });
  parts.metrics.of(triggered.name).call({ status: answer.status, tookMs });
  if (verdict !== "succeeded") logTrouble(parts, triggered, messages, { ...answer, verdict, tookMs });

  const call = { answer, verdict, together: messages.length };
  await Promise.all(messages.map((message) => settle(parts, triggered, message, call, records)));
  return verdict;
}

async function settle(
  parts: DeliveryParts,
  triggered: FunctionTopic,
  message: BusMessage,
  { answer, verdict, together }: { answer: CallAnswer; verdict: Verdict; together: number },
  { statistics, failures }: CallRecords,
): Promise<void> {
  const { deliveries, streamSequence } = message;
  const isItsOwn = verdict === "failed" && together === 1;
  const decision = decideDelivery(
    {
      kind: deliveryKind(triggered),
      verdict,
      together,
      deliveries,
      failures: isItsOwn ? failures.add(streamSequence) : 0,
    },
    parts.limits,
  );
  const facts = { function: triggered.name, subject: message.subject, sequence: message.streamSequence };
  try {
    await settleMessage(message, decision, {
      bus: parts.bus,
      functionName: triggered.name,
      answer,
      nowMs: parts.now(),
    });
  } catch (error) {
    // Unanswered, so delivered again: after its delay, or when the acknowledgement is overdue.
    if (decision.act === "bury") message.retryAfter(parts.limits.delayMaxMs);
    parts.log.warn("not settled", { ...facts, act: decision.act, ...errorFacts(error) });
    return;
  }
  parts.metrics.of(triggered.name).message(decision.act);
  if (decision.act !== "retry") failures.forget(streamSequence);
  if (decision.act !== "bury") return;
  statistics.countDeadLetter();
  parts.log.error("dead letter", { ...facts, reason: decision.reason, deliveries: message.deliveries });
}

/**
 * One message: its data verbatim. With a `batch` annotation: a JSON array, also of one. The headers tell
 * of the first message.
 */
function toCall(triggered: FunctionTopic, messages: readonly BusMessage[]): FunctionCall {
  const [first] = messages;
  const texts = messages.map((message) => Buffer.from(message.data).toString("utf8"));
  return {
    functionName: triggered.name,
    body: triggered.batch > 1 ? `[${texts.join(",")}]` : (first?.data ?? ""),
    headers: {
      "x-topic": triggered.topic,
      "x-nats-subject": first?.subject ?? "",
      "x-nats-sequence": String(first?.streamSequence ?? ""),
      "x-nats-deliveries": String(first?.deliveries ?? ""),
    },
  };
}

function logTrouble(
  { log, now }: DeliveryParts,
  triggered: FunctionTopic,
  messages: readonly BusMessage[],
  { status, said, verdict, tookMs }: CallAnswer & { readonly verdict: Verdict; readonly tookMs: number },
): void {
  const [first] = messages;
  log.warn("call failed", {
    function: triggered.name,
    status,
    verdict,
    said,
    subject: first?.subject,
    sequence: first?.streamSequence,
    deliveries: first?.deliveries,
    ...(first && { waited_s: Math.round((now() - first.publishedAtMs) / 1_000) }),
    ...(messages.length > 1 && { together: messages.length }),
    took_ms: tookMs,
  });
}

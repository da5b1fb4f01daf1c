import type { BusMessage, EventBus } from "@polytape/event-bus";
import { errorFacts, type Log } from "@polytape/function-runtime";
import type { CallStatistics } from "./call-statistics.ts";
import { type DeliveryLimits, decideDelivery, isPassing, isSuccess } from "./delivery-decision.ts";
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

/** How the call went for the function: a refusal is the message's fault, not a sign of a sick function. */
export type CallHealth = "succeeded" | "refused" | "failed";

/** Calls the function once with the messages, and settles each of them by the answer. */
export async function callFunction(
  parts: DeliveryParts,
  triggered: FunctionTopic,
  messages: readonly BusMessage[],
  statistics: CallStatistics,
): Promise<CallHealth> {
  const startedMs = parts.now();
  const answer = await parts.gateway.call(toCall(triggered, messages));
  const tookMs = parts.now() - startedMs;
  statistics.count({ succeeded: isSuccess(answer.status), tookMs });
  parts.metrics.of(triggered.name).call({ status: answer.status, tookMs });
  if (!isSuccess(answer.status)) logFailure(parts.log, triggered, messages, answer, tookMs);

  await Promise.all(
    messages.map((message) => settle(parts, triggered, message, messages.length, answer, statistics)),
  );
  if (isSuccess(answer.status)) return "succeeded";
  return isPassing(answer.status) ? "failed" : "refused";
}

async function settle(
  parts: DeliveryParts,
  triggered: FunctionTopic,
  message: BusMessage,
  together: number,
  answer: CallAnswer,
  statistics: CallStatistics,
): Promise<void> {
  const decision = decideDelivery(
    { kind: deliveryKind(triggered), status: answer.status, together, deliveries: message.deliveries },
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

function logFailure(
  log: Log,
  triggered: FunctionTopic,
  messages: readonly BusMessage[],
  answer: CallAnswer,
  tookMs: number,
): void {
  const [first] = messages;
  log.warn("call failed", {
    function: triggered.name,
    status: answer.status,
    said: answer.said,
    subject: first?.subject,
    sequence: first?.streamSequence,
    deliveries: first?.deliveries,
    ...(messages.length > 1 && { together: messages.length }),
    took_ms: tookMs,
  });
}

import type { BusMessage, EventBus } from "@polytape/event-bus";
import type { DeliveryDecision } from "./delivery-decision.ts";
import type { CallAnswer } from "./gateway.ts";

export interface Burial {
  readonly bus: Pick<EventBus, "publishDeadLetter">;
  readonly functionName: string;
  readonly answer: CallAnswer;
  readonly nowMs: number;
}

/**
 * Carries out what was decided on a message. A dead letter is published and acknowledged before the
 * original is terminated: a crash between the two repeats the letter, whose id makes it one again.
 * Throws what the bus throws; the message then comes again by itself.
 */
export async function settleMessage(
  message: BusMessage,
  decision: DeliveryDecision,
  burial: Burial,
): Promise<void> {
  switch (decision.act) {
    case "acknowledge":
    case "drop":
      return message.acknowledge();
    case "retry":
      return message.retryAfter(decision.afterMs);
    case "bury":
      await burial.bus.publishDeadLetter({
        id: `${burial.functionName}:${message.streamSequence}`,
        functionName: burial.functionName,
        subject: message.subject,
        data: Buffer.from(message.data).toString("utf8"),
        deliveries: message.deliveries,
        status: burial.answer.status,
        reason: `${decision.reason}: ${burial.answer.said}`,
        diedAtMs: burial.nowMs,
      });
      return message.terminate(decision.reason);
  }
}

import type { Verdict } from "./answer-verdict.ts";
import { growingDelayMs } from "./growing-delay.ts";
import type { DeliveryKind } from "./triggered-function.ts";

/** What becomes of one message after the call that carried it. */
export type DeliveryDecision =
  | { readonly act: "acknowledge" }
  /** A tick that failed: the next tick is its retry. */
  | { readonly act: "drop" }
  | { readonly act: "retry"; readonly afterMs: number }
  | { readonly act: "bury"; readonly reason: "refused" | "deliveries exhausted" };

export interface Delivery {
  readonly kind: DeliveryKind;
  readonly verdict: Verdict;
  /** Messages in the call. */
  readonly together: number;
  /** Times this message was delivered, this one included. */
  readonly deliveries: number;
  /** How many of them failed by what may be its own fault, this one included; 0 unless this one did. */
  readonly failures: number;
}

export interface DeliveryLimits {
  /** Deliveries that may fail by what may be the message's own fault. */
  readonly deliveriesMax: number;
  readonly delayMaxMs: number;
}

/** The pause before the messages of a failed batch come again, each alone. */
const ALONE_AFTER_MS = 1_000;

/**
 * The rules of delivery. A batch that failed says nothing about any one of its messages, so none of them is buried
 * before it has failed alone; nor is one for trouble that any other message would have met.
 */
export function decideDelivery(delivery: Delivery, limits: DeliveryLimits): DeliveryDecision {
  const { kind, verdict, together, deliveries, failures } = delivery;
  if (verdict === "succeeded") return { act: "acknowledge" };
  if (kind === "tick") return { act: "drop" };
  if (together > 1) return { act: "retry", afterMs: Math.min(ALONE_AFTER_MS, limits.delayMaxMs) };
  if (verdict === "refused") return { act: "bury", reason: "refused" };
  if (failures >= limits.deliveriesMax) return { act: "bury", reason: "deliveries exhausted" };
  return { act: "retry", afterMs: growingDelayMs(deliveries, limits.delayMaxMs) };
}

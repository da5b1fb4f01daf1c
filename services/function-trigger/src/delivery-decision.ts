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
  /** HTTP status; null when no answer came (refused, cut off, too late). */
  readonly status: number | null;
  /** Messages in the call. */
  readonly together: number;
  /** Times this message was delivered, this one included. */
  readonly deliveries: number;
}

export interface DeliveryLimits {
  readonly deliveriesMax: number;
  readonly delayMaxMs: number;
}

/** The pause before the messages of a failed batch come again, each alone. */
const ALONE_AFTER_MS = 1_000;

/**
 * Statuses that are final for servers in general, but not here: 404 is what the gateway answers while a
 * function is being deployed, 408 and 429 ask for another try.
 */
const PASSING_STATUSES = new Set([404, 408, 429]);

/**
 * The rules of delivery. A batch that failed says nothing about any one of its messages, so none of them
 * is buried before it has failed alone.
 */
export function decideDelivery(delivery: Delivery, limits: DeliveryLimits): DeliveryDecision {
  const { kind, status, together, deliveries } = delivery;
  if (isSuccess(status)) return { act: "acknowledge" };
  if (kind === "tick") return { act: "drop" };
  if (together > 1) return { act: "retry", afterMs: Math.min(ALONE_AFTER_MS, limits.delayMaxMs) };
  if (!isPassing(status)) return { act: "bury", reason: "refused" };
  if (deliveries >= limits.deliveriesMax) return { act: "bury", reason: "deliveries exhausted" };
  return { act: "retry", afterMs: growingDelayMs(deliveries, limits.delayMaxMs) };
}

export function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** Whether the same call may succeed later. */
export function isPassing(status: number | null): boolean {
  return status === null || status >= 500 || PASSING_STATUSES.has(status);
}

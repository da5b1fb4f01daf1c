import type { CallAnswer } from "./gateway.ts";

/**
 * What an answer says about the message that was sent: `hindered`, something stood in the way that is not the
 * message's; `failed`, it may be the message's own fault; `refused`, it is, for good.
 */
export type Verdict = "succeeded" | "hindered" | "failed" | "refused";

/**
 * 503 is our functions' word for a store, a bus or an upstream that is away, full or busy, and the provider's for a
 * function without a process; 429 comes from the watchdog of a function that has too much to do; 404 from the gateway
 * while a function is being deployed (one that is gone is no longer called).
 */
const HINDRANCES: ReadonlySet<number> = new Set([404, 429, 503]);

/** Asks for another try by its meaning, though it is not the server's fault. */
const REQUEST_TIMEOUT = 408;

/**
 * A function that a message brings down is answered for as one that went down by itself: 500 or 502, and 504, or nothing
 * at all, where it takes too long. So these are `failed`. (decision 0021)
 */
export function judgeAnswer({ status, reached }: Pick<CallAnswer, "status" | "reached">): Verdict {
  if (status === null) return reached ? "failed" : "hindered";
  if (status >= 200 && status < 300) return "succeeded";
  if (HINDRANCES.has(status)) return "hindered";
  return status >= 500 || status === REQUEST_TIMEOUT ? "failed" : "refused";
}

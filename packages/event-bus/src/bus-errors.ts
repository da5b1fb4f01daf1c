import { JetStreamApiError } from "@nats-io/jetstream";
import { PermissionViolationError } from "@nats-io/transport-node";
import { PolytapeError } from "@polytape/market-model";

/** Codes of the server's answers that mean "somebody else wrote this entry first". */
const WRONG_LAST_SEQUENCE = new Set([10071, 10164]);
/** "JetStream system temporarily unavailable": a cluster without a leader. */
const TEMPORARILY_UNAVAILABLE = 10008;

/** Translates what the client throws; `doing` completes the sentence "… while ‹doing›". */
export function toBusError(error: unknown, doing: string): PolytapeError {
  if (error instanceof PolytapeError) return error;
  const fail = (code: string, sentence: string, facts = {}): PolytapeError =>
    new PolytapeError("operating", code, `${sentence} while ${doing}.`, { facts, cause: error });

  if (error instanceof JetStreamApiError && error.code !== TEMPORARILY_UNAVAILABLE) {
    if (WRONG_LAST_SEQUENCE.has(error.code)) {
      return fail("bus_conflict", "Somebody else wrote first");
    }
    return fail("bus_refused", "NATS refused", { nats_code: error.code });
  }
  if (isWithoutStream(error)) return fail("bus_refused", "No stream took the message");
  if (isForbidden(error)) return fail("bus_refused", "NATS does not allow this user what was asked");
  return fail("bus_unavailable", "NATS did not answer");
}

/** The server tells what a user may not do apart from the answer; the client puts it behind the failure. */
function isForbidden(error: unknown): boolean {
  return (
    error instanceof PermissionViolationError ||
    (error instanceof Error && error.cause instanceof PermissionViolationError)
  );
}

/** Whether the server answered that no stream holds the subject (the client calls it "not enabled"). */
export function isWithoutStream(error: unknown): boolean {
  return error instanceof Error && error.name === "JetStreamNotEnabled";
}

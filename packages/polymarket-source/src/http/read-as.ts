import { PolytapeError } from "@polytape/market-model";
import type { z } from "zod";

/** Reads an answer as a whole by its schema; throws `upstream_malformed` that names the first faults. */
export function readAs<Schema extends z.ZodType>(
  schema: Schema,
  json: unknown,
  endpoint: string,
): z.output<Schema> {
  const outcome = schema.safeParse(json);
  if (outcome.success) return outcome.data;
  throw malformed(endpoint, firstIssue(outcome.error));
}

export function malformed(endpoint: string, reason: string): PolytapeError {
  return new PolytapeError(
    "operating",
    "upstream_malformed",
    `Polymarket answered in an unknown shape: ${endpoint}: ${reason}.`,
    { facts: { endpoint, reason } },
  );
}

/** `field.path: what is wrong`, for reasons of rejection. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return "unreadable";
  const path = issue.path.map(String).join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

import { PolytapeError } from "@polytape/market-model";
import type { z } from "zod";
import type { FunctionEvent } from "./open-faas.ts";

/** What the template reads: JSON arrives parsed, text as it is, and text is what a call without a type is called. */
const READ_TYPES = /^\s*(?:application\/json|text\/[\w.+-]+)\s*(?:;|$)/i;
/** Of all faults in one message. */
const FAULTS_LENGTH_MAX = 1_000;

/**
 * The body of a call as the job wants it. Throws `content_type_unsupported` or `input_invalid` (input), whose message
 * is one line that names each field.
 */
export function readBody<Input>(schema: z.ZodType<Input>, event: FunctionEvent): Input {
  refuseUnreadType(event.headers);
  const outcome = schema.safeParse(bodyValue(event.body));
  if (outcome.success) return outcome.data;
  throw new PolytapeError("input", "input_invalid", faultsOf(outcome.error).slice(0, FAULTS_LENGTH_MAX));
}

/**
 * The template hands on no word of a body of any other type, which would make a wish look like a tick. Behind the
 * watchdog a body has no content-length: it comes in chunks. (openfaas/templates node20)
 */
function refuseUnreadType(headers: FunctionEvent["headers"]): void {
  const type = String(headers["content-type"] ?? "");
  if (type === "" || READ_TYPES.test(type)) return;
  const isEmpty = headers["transfer-encoding"] === undefined && !(Number(headers["content-length"] ?? 0) > 0);
  if (isEmpty) return;
  throw new PolytapeError(
    "input",
    "content_type_unsupported",
    "The body must be sent as JSON; with curl: -H 'Content-Type: application/json' -d '{…}'.",
    { facts: { content_type: type.slice(0, 100) } },
  );
}

/** JSON arrives parsed; text (a tick, `faas-cli invoke`) does not; none at all is an empty object. */
function bodyValue(body: unknown): unknown {
  if (body === undefined || body === null || body === "") return {};
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new PolytapeError("input", "input_invalid", "The body is not JSON.", { cause });
  }
}

function faultsOf({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message))
    .join("; ");
}

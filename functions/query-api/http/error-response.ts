import { withoutKeys } from "@polytape/api-access";
import { textResponse } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { API_ERRORS, type ApiErrorCode, isApiErrorCode } from "./api-error.ts";

/** The envelope of every error. */
export const errorEnvelope = z
  .object({
    error: z.object({ code: z.string(), message: z.string() }),
    request_id: z.string(),
  })
  .meta({ description: "What went wrong, and the id to name when asking about it." });

/** What a user is told of trouble that is not theirs; the log holds the rest, under the request id. */
const PUBLIC_SENTENCES = {
  store_unavailable: "The store does not answer at the moment. Try again in a second.",
  server_busy: "Too many questions wait already. Try again in a second.",
  internal: "A mistake on our side. Name the request id when you report it.",
} as const;

/** The answer to anything that was thrown: codes of the table as they stand, all else without its inside. */
export function errorResponse(error: unknown, requestId: string): Response {
  if (error instanceof PolytapeError && isApiErrorCode(error.code) && isForUsers(error.code))
    return errorAnswer(error.code, error.message, requestId);
  const code = publicCodeOf(error);
  const headers: Record<string, string> = code === "internal" ? {} : { "retry-after": "1" };
  return errorAnswer(code, PUBLIC_SENTENCES[code], requestId, headers);
}

/** A message may repeat what was asked, so a key that was put into the wrong place is blacked out. */
export function errorAnswer(
  code: ApiErrorCode,
  message: string,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body: z.input<typeof errorEnvelope> = {
    error: { code, message: withoutKeys(message) },
    request_id: requestId,
  };
  return textResponse(JSON.stringify(body), {
    status: API_ERRORS[code].status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}

/** Whose message is written for whoever asked; other trouble of ours has a sentence that tells nothing. */
function isForUsers(code: ApiErrorCode): boolean {
  return API_ERRORS[code].status < 500 || code === "query_timeout";
}

function publicCodeOf(error: unknown): keyof typeof PUBLIC_SENTENCES {
  if (!(error instanceof PolytapeError) || error.kind !== "operating") return "internal";
  return error.code === "server_busy" ? "server_busy" : "store_unavailable";
}

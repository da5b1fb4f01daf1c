import { z } from "zod";
import { messageList, oneMessage } from "./message-batch.ts";
import { rebuildRequest } from "./rebuild-request.ts";

type CallInput = z.output<typeof rebuildRequest> | readonly unknown[];

/** The body of a call: a rebuild, or messages. What is wrong is said of the form that was meant, not of both. */
export const callInput = z.unknown().transform((body, context): CallInput => {
  const outcome = formOf(body).safeParse(body);
  if (outcome.success) return outcome.data;
  for (const { path, message } of outcome.error.issues)
    context.addIssue({ code: "custom", path: [...path], message, input: body });
  return z.NEVER;
});

function formOf(body: unknown): z.ZodType<CallInput> {
  if (Array.isArray(body)) return messageList;
  const isRebuild = typeof body === "object" && body !== null && "rebuild" in body;
  return isRebuild ? rebuildRequest : oneMessage;
}

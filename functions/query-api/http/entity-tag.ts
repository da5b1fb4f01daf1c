import { createHash } from "node:crypto";

/** Says of a moment only when the question was asked: two answers that differ in them say the same. */
const MOMENT_FIELDS = new Set(["as_of", "next_cursor"]);

/**
 * The tag of an answer that cannot be expected to change any more. Weak: `as_of`, and the cursor that holds
 * it, differ between equal answers, and an older cursor leads on to the same rows.
 */
export function entityTag(answer: Readonly<Record<string, unknown>>, format: string): string {
  const lasting = Object.entries(answer).filter(([name]) => !MOMENT_FIELDS.has(name));
  const hash = createHash("sha256").update(JSON.stringify([format, lasting]));
  return `W/"${hash.digest("base64url").slice(0, 22)}"`;
}

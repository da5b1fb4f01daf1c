import { createHash } from "node:crypto";

/**
 * The tag of a text that is not expected to change any more, and of what is sent beside it. Weak, because what
 * only tells when the question was asked (`http/write-answer.ts`) differs between answers that say the same.
 */
export function entityTag(...pieces: readonly string[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(`${piece.length} `).update(piece);
  return `W/"${hash.digest("base64url").slice(0, 22)}"`;
}

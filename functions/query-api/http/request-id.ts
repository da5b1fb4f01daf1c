import { randomUUID } from "node:crypto";

/** The caller's own X-Request-Id when it is harmless text, else a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}

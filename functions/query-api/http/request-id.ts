import { randomUUID } from "node:crypto";
import { withoutKeys } from "@polytape/api-access";

/** The caller's own X-Request-Id when it is harmless text and no key, else a new one: it is logged. */
export function requestIdOf(given: string | undefined): string {
  const isHarmless =
    given !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(given) && withoutKeys(given) === given;
  return isHarmless ? given : randomUUID();
}

/** Gamma writes moments in several ways, even inside one object. */

/** "2026-04-01T18:24:05.41Z": the fraction has no trailing zeros and is left out when it is zero. */
export function rfc3339(atMs: number, extraMicros = 0): string {
  const whole = new Date(atMs).toISOString().slice(0, 19);
  const micros = (((atMs % 1_000) + 1_000) % 1_000) * 1_000 + extraMicros;
  const fraction = String(Math.trunc(micros)).padStart(6, "0").replace(/0+$/, "");
  return fraction === "" ? `${whole}Z` : `${whole}.${fraction}Z`;
}

/** "2026-07-24 00:00:16+00": a space and a short zone. */
export function spaced(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")}+00`;
}

/** "2026-07-24". */
export function dateOnly(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

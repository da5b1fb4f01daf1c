/** Tries of one question, the first included. */
const TRIES_MAX = 6;
/** A connection that fails at once mostly goes on failing. */
const TRIES_WITHOUT_ANSWER_MAX = 3;
/** Nobody waits longer before a screen; a day's cap that is used up says so at once. */
const PAUSE_MAX_MS = 60_000;
const PAUSE_DEFAULT_MS = 1_000;

/** How long to wait before the same question is asked again; null: it makes no sense. */
export function pauseBeforeRetry(
  response: Pick<Response, "status" | "headers"> | null,
  tries: number,
  nowMs = Date.now(),
): number | null {
  if (response === null) return tries < TRIES_WITHOUT_ANSWER_MAX ? PAUSE_DEFAULT_MS * tries : null;
  if (response.status !== 429 && response.status !== 503) return null;
  const pauseMs = retryAfterMs(response.headers.get("retry-after"), nowMs) ?? PAUSE_DEFAULT_MS * tries;
  return tries < TRIES_MAX && pauseMs <= PAUSE_MAX_MS ? pauseMs : null;
}

/** Seconds or a date, as RFC 9110 has it; null: neither. */
function retryAfterMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

import { hasCode, type PolytapeError } from "@polytape/market-model";

/** Not found, and not implemented. */
const ABSENT_STATUSES: readonly unknown[] = [404, 501];

/** A route that the API itself, in JSON, says it has not. Never an outage, nor a page of what stands before it. */
export function isRouteAbsent(error: unknown): error is PolytapeError {
  if (!hasCode(error, "upstream_refused")) return false;
  return ABSENT_STATUSES.includes(error.facts["status"]) && error.facts["isJson"] === true;
}

/** Which routes an upstream did not have when last asked, for as long as that is believed. */
export interface AbsentRoutes {
  note(route: string, nowMs: number): void;
  has(route: string, nowMs: number): boolean;
}

const BELIEVED_MS = 300_000;

/** In the memory of one connection: after five minutes the newer interface is tried again. */
export function rememberAbsentRoutes(): AbsentRoutes {
  const untilMs = new Map<string, number>();
  return {
    note: (route, nowMs) => void untilMs.set(route, nowMs + BELIEVED_MS),
    has: (route, nowMs) => nowMs < (untilMs.get(route) ?? 0),
  };
}

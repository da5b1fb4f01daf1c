import { PolytapeError } from "@polytape/market-model";

/**
 * The one table from trouble to HTTP status. 4xx is final for whoever triggers functions, 5xx is tried
 * again; an unknown error is a bug of ours and says so.
 */
export function statusOf(error: unknown): number {
  if (!(error instanceof PolytapeError)) return 500;
  if (error.code === "content_type_unsupported") return 415;
  return { input: 400, operating: 503, bug: 500 }[error.kind];
}

import { PolytapeError } from "@polytape/market-model";

const BY_KIND = { input: 400, operating: 503, bug: 500 } as const;

/** What the kind alone would say wrongly. */
const BY_CODE: Readonly<Record<string, number>> = {
  content_type_unsupported: 415,
  // As the platform answers for a call that it cut off.
  out_of_time: 504,
};

/**
 * The one table from trouble to HTTP status. Whoever triggers functions takes 4xx as final and waits while it is 503; of
 * another 5xx what was asked for may be the cause, so it is tried a bounded number of times (decision 0021). An unknown
 * error is a bug of ours and says so.
 */
export function statusOf(error: unknown): number {
  if (!(error instanceof PolytapeError)) return 500;
  return BY_CODE[error.code] ?? BY_KIND[error.kind];
}

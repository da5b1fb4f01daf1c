import type { Route } from "../http/route.ts";

/** A text that tells of the contract; needs no key. */
export interface Page {
  readonly path: string;
  readonly summary: string;
  readonly contentType: string;
  /** Made at the first request, then kept. */
  readonly text: (routes: readonly Route[], version: string) => string;
}

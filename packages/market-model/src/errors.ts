/**
 * The three kinds of trouble, never mixed because each has another reader and another cure:
 * `operating` (a server is down or refuses: try again), `input` (a bad record or request: final),
 * `bug` (our own mistake).
 */
export type TroubleKind = "operating" | "input" | "bug";

/** The one error of the repository: a kind, a machine-readable code, a human sentence, facts, a cause. */
export class PolytapeError extends Error {
  readonly kind: TroubleKind;
  readonly code: string;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    kind: TroubleKind,
    code: string,
    message: string,
    options: { facts?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PolytapeError";
    this.kind = kind;
    this.code = code;
    this.facts = options.facts ?? {};
  }
}

/** Whether this is one of our own errors with the given code. */
export function hasCode(error: unknown, code: string): error is PolytapeError {
  return error instanceof PolytapeError && error.code === code;
}

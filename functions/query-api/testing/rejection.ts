/** A question that is refused, asked in this process and through the gateway, and what its answer says. */
export interface Rejection {
  readonly path: string;
  readonly status: number;
  readonly code: string;
  /** A piece of the message; not given where the code says all. */
  readonly why?: string;
}

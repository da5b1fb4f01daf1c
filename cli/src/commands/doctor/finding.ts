export type Verdict = "ok" | "warning" | "failed";

/** What one look at one part came to. */
export interface Finding {
  readonly verdict: Verdict;
  readonly said: string;
  /** What to do about it; of what is not ok. */
  readonly cure?: string;
}

export function ok(said: string): Finding {
  return { verdict: "ok", said };
}

export function warning(said: string, cure: string): Finding {
  return { verdict: "warning", said, cure };
}

export function failed(said: string, cure: string): Finding {
  return { verdict: "failed", said, cure };
}

/** Names for a line: the first few, and how many more. */
export function some(names: readonly string[], max = 4): string {
  const rest = names.length - max;
  return `${names.slice(0, max).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/**
 * Why the server said no, as far as it matters to whoever waits: the disk is nearly full and only whole indices
 * may be deleted; the index was made read-only by somebody; it has too much to do; it knows another password; or
 * anything else, which will not pass by itself.
 */
export type RefusalCode =
  | "store_full"
  | "store_read_only"
  | "store_busy"
  | "store_login_refused"
  | "store_refused";

/** Of an answer, or of one document of a bulk: its status, and the error's type and reason as text. */
export function refusalCode(status: number, reason: string): RefusalCode {
  if (reason.includes("cluster_block_exception"))
    return /read-only-allow-delete|flood-stage/.test(reason) ? "store_full" : "store_read_only";
  if (status === 401) return "store_login_refused";
  return status === 429 || status === 503 ? "store_busy" : "store_refused";
}

/**
 * Whether what was sent cannot be read: our mistake, which the same request makes again. All other refusals (a login, a
 * right, an index that is missing or closed, too many shards) are for whoever runs the server to mend.
 */
export function isUnreadable(reason: string): boolean {
  return /parsing_exception|strict_dynamic_mapping_exception|x_content_parse_exception/.test(reason);
}

const SENTENCES: Readonly<Record<RefusalCode, string>> = {
  store_full: "The store's disk is nearly full: it takes nothing new until there is room.",
  store_read_only: "The store was made read-only.",
  store_busy: "The store has too much to do.",
  store_login_refused: "The store refused the login.",
  store_refused: "",
};

/** The sentence that explains the code; empty where the reason itself must. */
export function sentenceOf(code: RefusalCode): string {
  return SENTENCES[code];
}

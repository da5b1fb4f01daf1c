import type { RejectedRecord, TradeRow } from "@polytape/market-model";
import type { PolymarketSource } from "@polytape/polymarket-source";

/** A trade feed for tests: newest first, keyset cursors that stay where they are while rows arrive above. */
export interface TestFeed extends Pick<PolymarketSource, "readTradePage"> {
  /** Rows from now on at the head, newest first. */
  add(...newest: TradeRow[]): void;
  /** Takes a row away, as an upstream that corrects itself does. */
  withdraw(isWithdrawn: (row: TradeRow) => boolean): void;
  /** The next call fails with this. */
  failNext(error: Error): void;
  /** The next page carries this rejected record. */
  rejectNext(rejected: RejectedRecord): void;
  readonly rows: readonly TradeRow[];
  readonly calls: readonly { cursor: string | null; limit: number }[];
}

export function aFeed(rows: readonly TradeRow[], { pageRowsMax = 1_000 } = {}): TestFeed {
  let feed = [...rows];
  const calls: { cursor: string | null; limit: number }[] = [];
  const failures: Error[] = [];
  let rejected: RejectedRecord[] = [];
  return {
    add: (...newest) => {
      feed = [...newest, ...feed];
    },
    withdraw: (isWithdrawn) => {
      feed = feed.filter((row) => !isWithdrawn(row));
    },
    failNext: (error) => void failures.push(error),
    rejectNext: (record) => void rejected.push(record),
    get rows() {
      return feed;
    },
    calls,
    readTradePage: async ({ cursor, limit }) => {
      calls.push({ cursor, limit });
      const failure = failures.shift();
      if (failure) throw failure;
      const [below, size] =
        cursor === null ? [feed.length, Math.min(limit, pageRowsMax)] : cursor.split(":").map(Number);
      const from = feed.length - (below ?? 0);
      const page = feed.slice(from, from + (size ?? 1));
      const left = (below ?? 0) - page.length;
      const answer = {
        rows: page,
        rejected,
        nextCursor: left > 0 ? `${left}:${size}` : null,
        receivedAtMs: 1_800_000_000_000,
        version: "v2" as const,
        cutSeconds: [],
        isCapped: false,
      };
      rejected = [];
      return answer;
    },
  };
}

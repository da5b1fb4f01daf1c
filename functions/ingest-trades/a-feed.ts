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
  /** From now on it is read by v1: these seconds are cut, and what is older than the cap is not served. */
  serveByV1(limits?: { cutSeconds?: readonly number[]; cappedBelowSeconds?: number }): void;
  /** The next page carries this rejected record, which stands in this second. */
  rejectNext(rejected: RejectedRecord, tsSeconds?: number): void;
  readonly rows: readonly TradeRow[];
  readonly calls: readonly { cursor: string | null; limit: number }[];
}

export function aFeed(rows: readonly TradeRow[], { pageRowsMax = 1_000 } = {}): TestFeed {
  let feed = [...rows];
  const calls: { cursor: string | null; limit: number }[] = [];
  const failures: Error[] = [];
  let rejected: RejectedRecord[] = [];
  let stretches: { fromSeconds: number; toSeconds: number }[] = [];
  let v1: Parameters<TestFeed["serveByV1"]>[0] | null = null;
  return {
    serveByV1: (limits = {}) => {
      v1 = limits;
    },
    add: (...newest) => {
      feed = [...newest, ...feed];
    },
    withdraw: (isWithdrawn) => {
      feed = feed.filter((row) => !isWithdrawn(row));
    },
    failNext: (error) => void failures.push(error),
    rejectNext: (record, tsSeconds) => {
      rejected.push(record);
      if (tsSeconds !== undefined) stretches.push({ fromSeconds: tsSeconds, toSeconds: tsSeconds + 1 });
    },
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
      const cap = v1?.cappedBelowSeconds ?? 0;
      const served = feed.filter((row) => row.tsSeconds >= cap);
      const page = served.slice(from, from + (size ?? 1));
      const left = (below ?? 0) - page.length;
      const isLast = from + page.length >= served.length;
      const answer = {
        rows: page,
        rejected,
        rejectedStretches: stretches,
        nextCursor: isLast ? null : `${left}:${size}`,
        receivedAtMs: 1_800_000_000_000,
        version: v1 ? ("v1" as const) : ("v2" as const),
        cutSeconds: (v1?.cutSeconds ?? []).filter((cut) => page.some((row) => row.tsSeconds === cut)),
        isCapped: isLast && served.length < feed.length,
      };
      rejected = [];
      stretches = [];
      return answer;
    },
  };
}

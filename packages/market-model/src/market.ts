import type { EpochMs } from "./time.ts";

/** `resolved` means that the winner is known; `closed` that trading ended and it is not. */
export type MarketStatus = "open" | "closed" | "resolved";

/** One outcome token of a market, in the venue's order (its place is its `outcome_index`). */
export interface Outcome {
  readonly name: string;
  /** ERC-1155 token id in decimal; null on markets from before the order book. */
  readonly assetId: string | null;
  /** The venue's displayed price, 0 to 1; null where it states none. */
  readonly probability: number | null;
  /** Null until the market is resolved. */
  readonly winner: boolean | null;
}

/** What the venue charges. Rates are fractions of notional; null where the venue states none. */
export interface Fees {
  readonly type: string | null;
  readonly rate: number | null;
  readonly exponent: number | null;
  readonly takerOnly: boolean | null;
  readonly rebateRate: number | null;
}

/** A market as last observed. Absent upstream values are null, never a default. */
export interface Market {
  /** Condition id: 0x and 64 hex digits in lower case. The one id that markets, trades, books and chain share. */
  readonly marketId: string;
  readonly gammaId: string;
  readonly slug: string;
  readonly title: string;
  readonly description: string | null;
  /** First match of the tags in the fixed list of topics (`docs/data.md`); null when none matches. */
  readonly category: string | null;
  /** Tag slugs, sorted, each once. Null where the upstream answer carried no tags at all. */
  readonly tags: readonly string[] | null;
  readonly status: MarketStatus;
  readonly createdAtMs: EpochMs | null;
  /** When trading is due to end (the venue's `endDate`). */
  readonly closeTimeMs: EpochMs | null;
  /** When trading did end. */
  readonly closedAtMs: EpochMs | null;
  readonly outcomes: readonly Outcome[];
  readonly fees: Fees | null;
  readonly tickSize: number | null;
  readonly minOrderSize: number | null;
  readonly negRisk: boolean | null;
  readonly acceptingOrders: boolean | null;
  /** USDC over the market's life, over 24 hours, and resting, as the venue states them. */
  readonly volume: number | null;
  readonly volume24h: number | null;
  readonly liquidity: number | null;
  /** The venue's own `updatedAt`. */
  readonly updatedAtMs: EpochMs | null;
}

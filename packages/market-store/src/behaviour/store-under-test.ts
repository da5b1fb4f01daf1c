import type { BookSide, EpochMs } from "@polytape/market-model";
import type { MarketStore } from "../market-store.ts";

/** A store that the behaviour suite can be run against, and what only its owner can do to it. */
export interface StoreUnderTest {
  readonly store: MarketStore;
  /** The clock of `ingestedAtMs`. */
  readonly clock: { nowMs: EpochMs };
  /** Makes what was written visible to searches. */
  settle(): Promise<void>;
  /** Takes one side's document of a book away. */
  loseBookSide(assetId: string, tsMs: EpochMs, side: BookSide): Promise<void>;
  /** Has a write refused because there is too much to do at that moment. */
  meetTooMuch(): Promise<void>;
  /** As while a disk is past its last watermark. */
  duringFullDisk<T>(act: () => Promise<T>): Promise<T>;
  /** Titles of the observed versions of a market, oldest first. */
  observedTitles(marketId: string): Promise<string[]>;
}

/** Ids that no other test of the same run uses, so that tests can share one store. */
export function freshIds(): { marketId: string; assetId: string; otherAssetId: string; name: string } {
  const digits = `${Date.now()}${Math.floor(Math.random() * 1e9)}`;
  return {
    marketId: `0x${digits.padStart(64, "0")}`,
    assetId: `1${digits}`,
    otherAssetId: `2${digits}`,
    name: `n${digits}`,
  };
}

/** The code of the error that the call throws; fails when it does not throw. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.then(
    () => new Error("it did not throw"),
    (thrown: unknown) => thrown,
  );
  return error instanceof Error && "code" in error ? error.code : error;
}

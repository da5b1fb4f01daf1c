import { describeBookkeeping } from "./bookkeeping.ts";
import { describeBooks } from "./books.ts";
import { describeCandles } from "./candles.ts";
import { describeCoverage } from "./coverage.ts";
import { describeMarkets } from "./markets.ts";
import { describeRoom } from "./room.ts";
import type { StoreUnderTest } from "./store-under-test.ts";
import { describeTradeLists } from "./trade-lists.ts";
import { describeTrades } from "./trades.ts";

export type { StoreUnderTest } from "./store-under-test.ts";

/** What every market store promises; run against the in-memory one and against a real server. */
export function describeStoreBehaviour(open: () => StoreUnderTest): void {
  describeMarkets(open);
  describeTrades(open);
  describeTradeLists(open);
  describeCandles(open);
  describeBooks(open);
  describeBookkeeping(open);
  describeCoverage(open);
  describeRoom(open);
}

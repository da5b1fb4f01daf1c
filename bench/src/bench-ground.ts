import type { EventBus } from "@polytape/event-bus";
import type { RunningStack } from "@polytape/local";
import type { MarketStore, StoreConnection } from "@polytape/market-store";
import type { RawClient } from "./raw-http.ts";

/** What every measurement stands on: one stack, started for this run alone. */
export interface BenchGround {
  readonly stack: RunningStack;
  readonly http: RawClient;
  /** OpenSearch itself, for setting up and looking. */
  readonly server: StoreConnection;
  /** The store that the stack's functions use. */
  readonly store: MarketStore;
  readonly bus: EventBus;
  readonly apiKey: string;
  /** The moment at which the simulated world stands still, epoch ms: the end of its history. */
  readonly worldEndMs: number;
  /** Where it stands now, once it was let go on. */
  readonly world: { nowMs: number };
  tell(line: string): void;
}

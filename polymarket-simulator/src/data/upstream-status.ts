import { blockNumberOf } from "../world/trade-blocks.ts";
import type { World } from "../world/world.ts";

/** The body of /v2/status: how far serving is behind the chain. */
export function statusBody({ feed, now }: World): object {
  const nowMs = now();
  const lag = Math.max(0, Math.round(nowMs / 1_000 - feed.servedSeconds(nowMs)));
  const block = Math.floor(blockNumberOf(feed.newestSeconds(nowMs)));
  return {
    computed_at: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    age_seconds: 0,
    serving: {
      lag_seconds: lag,
      worst: "activity_feed",
      mechanisms: [
        { name: "activity_feed", age_seconds: lag },
        { name: "custody_balances", age_seconds: 0, blocks_behind: 833 },
      ],
    },
    ingestion: {
      cursors: 1,
      network: "polygon",
      chain_id: 137,
      max_synced_block: block,
      min_synced_block: block - 1,
      most_lagged: { source: "activity_feed", block: block - 1, behind_max: 1 },
      lagging: [],
    },
  };
}

import type { EpochMs } from "@polytape/market-model";
import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import type { StoreConnection } from "../opensearch/connection.ts";

/** What the server knows of snapshots by itself; `polytape backup` leaves no repository behind. */
export interface NewestSnapshot {
  readonly repositories: number;
  /** End of the newest whole one; null: there is none. */
  readonly endedAtMs: EpochMs | null;
}

const repositoriesAnswer = z.record(z.string(), z.unknown());
const snapshotsAnswer = z.array(z.object({ status: z.string(), end_epoch: z.coerce.number() }));
/** Names in one address. */
const REPOSITORIES_MAX = 20;

export async function newestSnapshot(store: StoreConnection): Promise<NewestSnapshot> {
  const { body } = await store.request({ method: "GET", path: "/_snapshot" });
  const names = Object.keys(readAnswer(repositoriesAnswer, body, "the repositories"));
  const ends: EpochMs[] = [];
  for (const name of names.slice(0, REPOSITORIES_MAX)) {
    const answer = await store.request({
      method: "GET",
      path: `/_cat/snapshots/${encodeURIComponent(name)}`,
      query: { format: "json", h: "status,end_epoch", ignore_unavailable: true },
    });
    const snapshots = readAnswer(snapshotsAnswer, answer.body, "the snapshots");
    ends.push(
      ...snapshots.filter(({ status }) => status === "SUCCESS").map(({ end_epoch }) => end_epoch * 1_000),
    );
  }
  return { repositories: names.length, endedAtMs: ends.length > 0 ? Math.max(...ends) : null };
}

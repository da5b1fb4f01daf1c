import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { BenchGround } from "./bench-ground.ts";

const MERGED_WITHIN_MS = 120_000;

const merges = z.object({
  _all: z.object({ total: z.object({ merges: z.object({ current: z.number() }) }) }),
});

/** What was filled in goes on being merged for a while, which would be measured too. */
export async function waitForMerges({ server, tell }: BenchGround): Promise<void> {
  const untilMs = performance.now() + MERGED_WITHIN_MS;
  while (performance.now() < untilMs) {
    const answer = await server.request({ method: "GET", path: "/_stats/merge" });
    if (merges.parse(answer.body)._all.total.merges.current === 0) return;
    await pause(500);
  }
  tell("  OpenSearch still merges: the next figures hold some of that");
}

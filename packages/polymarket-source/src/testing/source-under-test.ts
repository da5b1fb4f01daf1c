import type { SourcePlatform } from "../http/upstream.ts";
import { connectPolymarket, type PolymarketSettings } from "../polymarket-source.ts";

/** A source whose three hosts are one test server, on a clock that only sleeping moves. */
export function sourceUnderTest(
  url: string,
  changes: Partial<PolymarketSettings> = {},
  platform: Partial<SourcePlatform> = {},
) {
  const slept: number[] = [];
  let nowMs = 1_790_000_100_000;
  const source = connectPolymarket(
    { gammaUrl: url, dataUrl: url, clobUrl: url, limitShare: 0.4, timeoutMs: 2_000, triesMax: 3, ...changes },
    {
      now: () => nowMs,
      random: () => 0.5,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        slept.push(ms);
        nowMs += ms;
      },
      ...platform,
    },
  );
  return { source, slept, now: () => nowMs };
}

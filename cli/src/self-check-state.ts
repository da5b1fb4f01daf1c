import type { MarketStore } from "@polytape/market-store";
import { z } from "zod";

const selfCheckState = z.object({
  last: z
    .object({
      dayMs: z.number(),
      endedAtMs: z.number(),
      left: z.array(z.string()),
      totals: z.object({
        checkedMarkets: z.number(),
        missingRows: z.number(),
        extraRows: z.number(),
        anomalies: z.number(),
      }),
    })
    .nullable(),
});
export type LastSelfCheck = NonNullable<z.output<typeof selfCheckState>["last"]>;

/** What the last whole self-check came to; null without one, undefined when its checkpoint has another shape. */
export async function readLastSelfCheck({
  checkpoints,
}: MarketStore): Promise<LastSelfCheck | null | undefined> {
  const found = await checkpoints.read("self-check");
  const read = selfCheckState.safeParse(found?.state ?? { last: null });
  return read.success ? read.data.last : undefined;
}

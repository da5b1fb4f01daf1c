import { DAY_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { z } from "zod";
import type { StoreConnection } from "../opensearch/connection.ts";
import { indexNames } from "../opensearch/index-names.ts";
import { newestArrivals } from "./newest-arrivals.ts";

const NAMES = indexNames("test-");
const asked = z.object({
  aggs: z.object({ indices: z.object({ terms: z.object({ size: z.number() }) }) }),
});

/** A server with rows in the given number of days, the newest of which arrived when the test says so. */
function aServer({ days }: { days: number }) {
  const said = { newestMs: 0 };
  const connection: StoreConnection = {
    request: async ({ body }) => {
      const { size } = asked.parse(body).aggs.indices.terms;
      const buckets = Array.from({ length: Math.min(days, size) }, (_, day) => ({
        key: NAMES.tradesOfDay(day * DAY_MS),
        newest: { value: said.newestMs },
      }));
      return { status: 200, body: { aggregations: { indices: { buckets } } } };
    },
    cancelledBy: () => connection,
    close: async () => {},
  };
  return { connection, said };
}

test("no day is left out, however long days are kept", async () => {
  const { connection } = aServer({ days: 36_500 });

  const arrivals = await newestArrivals(NAMES, () => 0).read(connection);

  expect(arrivals.size).toBe(36_500);
});

test("what is remembered is of the last second also when the clock was set back", async () => {
  const clock = { nowMs: DAY_MS };
  const { connection, said } = aServer({ days: 1 });
  const arrivals = newestArrivals(NAMES, () => clock.nowMs);
  await arrivals.read(connection);

  clock.nowMs -= 3_600_000;
  said.newestMs = clock.nowMs;

  expect((await arrivals.read(connection)).get(0)).toBe(clock.nowMs);
});

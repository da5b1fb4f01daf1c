import { SECOND_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import type { Completeness } from "./completeness.ts";
import { readPages } from "./read-pages.ts";

const completeness: Completeness = {
  coverage: { complete: true, from: null, to: null, gaps_total: 0, gaps: [] },
  truncatedBy: null,
  retentionFrom: null,
};

/** Ten pages of one row; each takes a second. */
function aSlowList(breaksAt = Number.POSITIVE_INFINITY) {
  let nowMs = 0;
  const told: string[] = [];
  const written: unknown[] = [];
  const reading = readPages(
    {
      first: { cursor: "0" },
      rowsMax: null,
      follow: true,
      write: (rows) => written.push(...rows),
      ask: async ({ cursor }) => {
        const at = Number(cursor);
        if (at >= breaksAt) throw new Error("The line is cut.");
        nowMs += SECOND_MS;
        return { rows: [{ at }], next: at < 9 ? { cursor: String(at + 1) } : null, completeness };
      },
    },
    { now: () => nowMs, tell: (line) => void told.push(line) },
  );
  return { reading, told, written };
}

test("a long reading tells how far it is every two seconds, a short one nothing", async () => {
  const { reading, told } = aSlowList();

  expect(await reading).toMatchObject({ rows: 10, more: false });
  expect(told).toEqual([2, 4, 6, 8].map((rows) => `${rows} rows so far`));
});

test("a reading that breaks off says that what was printed is not whole", async () => {
  const { reading, told, written } = aSlowList(3);

  await expect(reading).rejects.toThrow("The line is cut.");
  expect(written).toHaveLength(3);
  expect(told.at(-1)).toBe("Broke off after 3 rows: what is printed is not whole.");
});

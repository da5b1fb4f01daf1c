import type { RejectedRecord } from "@polytape/market-model";
import { describe, expect, it } from "vitest";
import { codeOf, freshIds, type StoreUnderTest } from "./store-under-test.ts";

export function describeBookkeeping(open: () => StoreUnderTest): void {
  describe("checkpoints", () => {
    it("writes a state only over the version that was read", async () => {
      const { store } = open();
      const { name } = freshIds();

      const first = await store.checkpoints.write(name, { walk: [1, { deep: [[]] }], none: null }, null);
      const again = codeOf(store.checkpoints.write(name, { walk: [] }, null));
      expect(await again).toBe("store_conflict");
      expect(await store.checkpoints.read(name)).toEqual({
        state: { walk: [1, { deep: [[]] }], none: null },
        version: first,
      });

      const second = await store.checkpoints.write(name, { walk: [2] }, first);
      expect(await codeOf(store.checkpoints.write(name, { walk: [3] }, first))).toBe("store_conflict");
      expect(await store.checkpoints.read(name)).toEqual({ state: { walk: [2] }, version: second });
    });

    it("knows nothing of a name that was never written", async () => {
      expect(await open().store.checkpoints.read(`${freshIds().name}/with?odd signs`)).toBeNull();
    });
  });

  describe("rejections", () => {
    it("keeps each distinct bad record once, whatever it holds", async () => {
      const { store, settle } = open();
      const reason = `side: ${freshIds().name}`;
      const cyclic: Record<string, unknown> = {};
      cyclic["self"] = cyclic;
      const record = (raw: unknown): RejectedRecord => ({ kind: "book", reason, raw, receivedAtMs: 4e12 });
      const odd = [
        { side: "?", deep: [1, null] },
        "text",
        undefined,
        cyclic,
        "\ud800",
        { long: "é".repeat(9_000) },
      ];

      await store.rejections.keepSamples(odd.map(record));
      await store.rejections.keepSamples(odd.map(record));
      await settle();

      const found = await store.rejections.findSamples({ kind: "book", limit: 100 });
      const ours = found.filter((sample) => sample.reason === reason);
      expect(ours).toHaveLength(odd.length);
      expect(ours).toContainEqual(record(odd[0]));
      const longest = Math.max(...ours.map(({ raw }) => Buffer.byteLength(JSON.stringify(raw))));
      expect(longest).toBeLessThan(8_400);
      expect(longest).toBeGreaterThan(8_000);
    });
  });
}

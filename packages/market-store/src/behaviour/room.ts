import { aTrade } from "@polytape/market-model/testing";
import { describe, expect, it } from "vitest";
import { codeOf, type StoreUnderTest } from "./store-under-test.ts";

export function describeRoom(open: () => StoreUnderTest): void {
  describe("room", () => {
    const ROOM = { shortOf: null, reason: null };

    it("is there while every write is taken", async () => {
      const { store } = open();
      await store.room.look();

      await store.trades.createTrades([aTrade()]);

      expect(await store.room.look()).toEqual(ROOM);
    });

    // Whose write it was does not matter: who gives way does so to all others.
    it("is short of capacity after writes were refused for the moment, until none is refused any more", async () => {
      const { store, meetTooMuch } = open();
      await store.room.look();

      await meetTooMuch();

      expect(await store.room.look()).toEqual({
        shortOf: "capacity",
        reason: expect.stringMatching(/^writes refused since the last look: \d+$/),
      });
      expect(await store.room.look()).toEqual(ROOM);
    });

    it("is short of disk while the server takes nothing new because of it, and nothing is lost by that", async () => {
      const { store, duringFullDisk } = open();
      const trade = aTrade({ size: 4_711 });

      const [room, refused] = await duringFullDisk(async () => [
        await store.room.look(),
        await codeOf(store.trades.createTrades([trade])),
      ]);

      expect(room).toMatchObject({ shortOf: "disk", reason: expect.any(String) });
      expect(refused).toBe("store_full");
      expect(await store.room.look()).toEqual(ROOM);
      expect(await store.trades.createTrades([trade])).toEqual({ stored: 1, repeated: 0 });
    });
  });
}

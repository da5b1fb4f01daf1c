import { describe, expect, it } from "vitest";
import type { StoreConnection } from "../opensearch/connection.ts";
import { indexNames } from "../opensearch/index-names.ts";
import { storeRefused } from "../store-errors.ts";
import { storeRoom } from "./store-room.ts";

const GB = 1024 ** 3;
const NODES = "/_nodes/stats/fs,thread_pool,indexing_pressure";
const ROOM = { shortOf: null, reason: null };

describe("a look at the room", () => {
  const settingsOf = (disk: object) => ({ cluster: { routing: { allocation: { disk } } } });
  const NINETY = { threshold_enabled: "true", watermark: { low: "85%", high: "90%", flood_stage: "95%" } };
  const fullNode = { fs: { total: { total_in_bytes: 100 * GB, available_in_bytes: 9 * GB } } };
  const roomyNode = { fs: { total: { total_in_bytes: 100 * GB, available_in_bytes: 50 * GB } } };

  /** A server that answers each path with what it is given; what it is not given it refuses. */
  function roomOf(answers: Readonly<Record<string, unknown>>) {
    const store: StoreConnection = {
      async request({ path }) {
        if (!(path in answers)) throw storeRefused(path, { status: 403 });
        return { status: 200, body: answers[path] };
      },
      cancelledBy: () => store,
      close: async () => {},
    };
    return storeRoom({ store, names: indexNames(), now: () => 0 });
  }

  function answers(nodes: object, settings: object = {}, blocks: object = {}) {
    return {
      [NODES]: { nodes },
      "/_cluster/settings": { defaults: settingsOf(NINETY), persistent: settings },
      "/orderbook_snapshots_v1/_settings": { "orderbook_snapshots_v1-000001": { settings: blocks } },
    };
  }

  it("finds no room once every server is past the high watermark, and says which that is", async () => {
    expect(await roomOf(answers({ a: fullNode })).look()).toEqual({
      shortOf: "disk",
      reason: "disk past the high watermark (90%)",
    });
    expect(await roomOf(answers({ a: fullNode, b: roomyNode })).look()).toEqual(ROOM);
  });

  it("goes by what the operator set, and by nothing where disks are not watched", async () => {
    const lower = roomOf(answers({ a: fullNode }, settingsOf({ watermark: { high: "5gb" } })));
    const unwatched = roomOf(answers({ a: fullNode }, settingsOf({ threshold_enabled: "false" })));

    expect(await lower.look()).toEqual(ROOM);
    expect(await unwatched.look()).toEqual(ROOM);
  });

  it("finds no room while a block lies on the index of books", async () => {
    const blocked = roomOf(answers({ a: roomyNode }, {}, { "index.blocks.read_only_allow_delete": "true" }));

    expect(await blocked.look()).toEqual({
      shortOf: "disk",
      reason: "orderbook_snapshots_v1: index.blocks.read_only_allow_delete",
    });
  });

  // An account of least privilege must not stop the books.
  it("supposes room where it may not ask", async () => {
    expect(await roomOf({}).look()).toEqual(ROOM);
  });

  it("finds too much to do when anybody's write was refused since the last look, and room at the next", async () => {
    const refusing = (rejected: number, coordinating_rejections: number) => ({
      ...roomyNode,
      thread_pool: { write: { queue: 0, rejected } },
      indexing_pressure: { memory: { total: { coordinating_rejections } } },
    });
    const nodes = { a: refusing(4, 0) };
    const room = roomOf(answers(nodes));

    const looks = [await room.look()];
    nodes.a = refusing(5, 2);
    looks.push(await room.look(), await room.look());

    const busy = { shortOf: "capacity", reason: "writes refused since the last look: 3" };
    expect(looks).toEqual([ROOM, busy, ROOM]);
  });

  it("finds too much to do on the busiest server: a long queue, or memory for writes that is half taken", async () => {
    const queued = { ...roomyNode, thread_pool: { write: { queue: 80, rejected: 0 } } };
    const pressed = {
      ...roomyNode,
      indexing_pressure: { memory: { limit_in_bytes: 100, current: { all_in_bytes: 70 } } },
    };

    expect(await roomOf(answers({ a: roomyNode, b: queued })).look()).toMatchObject({ shortOf: "capacity" });
    expect(await roomOf(answers({ a: pressed, b: roomyNode })).look()).toMatchObject({ shortOf: "capacity" });
  });

  it("names the disk first, which does not pass by itself", async () => {
    const busyAndFull = { ...fullNode, thread_pool: { write: { queue: 80, rejected: 0 } } };

    expect(await roomOf(answers({ a: busyAndFull })).look()).toMatchObject({ shortOf: "disk" });
  });
});

import { describe, expect, it, test } from "vitest";
import type { StoreConnection } from "../opensearch/connection.ts";
import { indexNames } from "../opensearch/index-names.ts";
import { storeRefused } from "../store-errors.ts";
import { isPast, storeDisk } from "./store-disk.ts";

const GB = 1024 ** 3;

test.each([
  ["90%", 11, false],
  ["90%", 9, true],
  ["0.9", 11, false],
  ["0.9", 9, true],
  ["10gb", 11, false],
  ["10gb", 9, true],
  ["10240MB", 9, true],
  ["something", 0, false],
])("with the watermark %s and %i of 100 GB free it is past: %s", (watermark, freeGb, expected) => {
  expect(isPast(watermark, { totalBytes: 100 * GB, freeBytes: freeGb * GB })).toBe(expected);
});

describe("a look at the disk", () => {
  const settingsOf = (disk: object) => ({ cluster: { routing: { allocation: { disk } } } });
  const NINETY = { threshold_enabled: "true", watermark: { low: "85%", high: "90%", flood_stage: "95%" } };
  const fullNode = { fs: { total: { total_in_bytes: 100 * GB, available_in_bytes: 9 * GB } } };
  const roomyNode = { fs: { total: { total_in_bytes: 100 * GB, available_in_bytes: 50 * GB } } };

  /** A server that answers each path with what it is given; what it is not given it refuses. */
  function diskOf(answers: Readonly<Record<string, unknown>>) {
    const store: StoreConnection = {
      async request({ path }) {
        if (!(path in answers)) throw storeRefused(path, { status: 403 });
        return { status: 200, body: answers[path] };
      },
      cancelledBy: () => store,
      close: async () => {},
    };
    return storeDisk({ store, names: indexNames() });
  }

  function answers(nodes: object, settings: object = {}, blocks: object = {}) {
    return {
      "/_nodes/stats/fs": { nodes },
      "/_cluster/settings": { defaults: settingsOf(NINETY), persistent: settings },
      "/orderbook_snapshots_v1/_settings": { "orderbook_snapshots_v1-000001": { settings: blocks } },
    };
  }

  it("finds no room once every server is past the high watermark, and says which that is", async () => {
    expect(await diskOf(answers({ a: fullNode })).look()).toEqual({
      isShort: true,
      reason: "disk past the high watermark (90%)",
    });
    expect(await diskOf(answers({ a: fullNode, b: roomyNode })).look()).toMatchObject({ isShort: false });
  });

  it("goes by what the operator set, and by nothing where disks are not watched", async () => {
    const lower = diskOf(answers({ a: fullNode }, settingsOf({ watermark: { high: "5gb" } })));
    const unwatched = diskOf(answers({ a: fullNode }, settingsOf({ threshold_enabled: "false" })));

    expect(await lower.look()).toMatchObject({ isShort: false });
    expect(await unwatched.look()).toMatchObject({ isShort: false });
  });

  it("finds no room while a block lies on the index of books", async () => {
    const blocked = diskOf(answers({ a: roomyNode }, {}, { "index.blocks.read_only_allow_delete": "true" }));

    expect(await blocked.look()).toEqual({
      isShort: true,
      reason: "orderbook_snapshots_v1: index.blocks.read_only_allow_delete",
    });
  });

  // An account of least privilege must not stop the books.
  it("supposes room where it may not ask", async () => {
    expect(await diskOf({}).look()).toEqual({ isShort: false, reason: null });
  });
});

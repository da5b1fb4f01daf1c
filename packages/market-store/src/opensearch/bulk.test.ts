import { describe, expect, it } from "vitest";
import { storeUnavailable } from "../store-errors.ts";
import { sendBulk } from "./bulk.ts";
import type { StoreConnection } from "./connection.ts";

const CREATED = { create: { status: 201 } };
const THERE = {
  create: { status: 409, error: { type: "version_conflict_engine_exception", reason: "there" } },
};
const BUSY = { create: { status: 429, error: { type: "rejected_execution_exception", reason: "busy" } } };
const WRONG = { create: { status: 400, error: { type: "mapper_parsing_exception", reason: "no field x" } } };

/** A server that answers by what it is sent, and remembers it. */
function answering(answer: (ids: string[], call: number) => unknown[] | "busy"): {
  store: StoreConnection;
  calls: string[][];
} {
  const calls: string[][] = [];
  const store: StoreConnection = {
    async request({ lines }) {
      const texts = String(lines).trimEnd().split("\n");
      const ids = texts.filter((_, i) => i % 2 === 0);
      calls.push(ids);
      const items = answer(ids, calls.length);
      return items === "busy" ? { status: 429, body: {} } : { status: 200, body: { items } };
    },
    cancelledBy: () => store,
    close: async () => {},
  };
  return { store, calls };
}

/** A server that stores one document, unless asking it throws. */
function failing(ask: (request: Parameters<StoreConnection["request"]>[0]) => void): StoreConnection {
  const store: StoreConnection = {
    async request(request) {
      ask(request);
      return { status: 200, body: { items: [CREATED] } };
    },
    cancelledBy: () => store,
    close: async () => {},
  };
  return store;
}

const line = (record: string) => ({ action: record, source: `{"of":"${record}"}` });

describe("bulk", () => {
  it("tells written documents from conflicts, by their place in the input", async () => {
    const { store } = answering((ids) => ids.map((id) => (id === "b" || id === "é" ? THERE : CREATED)));

    const outcome = await sendBulk(store, ["a", "b", "c", "é"], line);

    expect(outcome).toEqual({ written: 2, conflicts: [1, 3] });
  });

  it("sends again only what was refused for the moment", async () => {
    const { store, calls } = answering((ids, call) =>
      ids.map((id) => (call === 1 && id !== "a" ? BUSY : id === "é" ? THERE : CREATED)),
    );

    const outcome = await sendBulk(store, ["a", "b", "é"], line);

    expect(outcome).toEqual({ written: 2, conflicts: [2] });
    expect(calls).toEqual([
      ["a", "b", "é"],
      ["b", "é"],
    ]);
  });

  it("sends a whole request again that was refused for the moment", async () => {
    const { store, calls } = answering((ids, call) => (call === 1 ? "busy" : ids.map(() => CREATED)));

    expect(await sendBulk(store, ["a"], line)).toEqual({ written: 1, conflicts: [] });
    expect(calls).toEqual([["a"], ["a"]]);
  });

  it("makes a document anew for every try, so that no try carries the moment of another", async () => {
    let moment = 0;
    const { store, calls } = answering((ids, call) =>
      call === 1 ? "busy" : ids.map(() => (call === 2 ? BUSY : CREATED)),
    );

    await sendBulk(store, ["a"], () => {
      moment += 1;
      return { action: `made at ${moment}`, source: "{}" };
    });

    expect(calls).toEqual([["made at 1"], ["made at 2"], ["made at 3"]]);
  });

  it("forbids the client to repeat a request, and repeats one that got no answer itself", async () => {
    const sent: (boolean | undefined)[] = [];
    const store = failing((request) => {
      sent.push(request.once);
      if (sent.length === 1) throw storeUnavailable(new Error("connection reset"));
    });

    expect(await sendBulk(store, ["a"], line)).toEqual({ written: 1, conflicts: [] });
    expect(sent).toEqual([true, true]);
  });

  it("does not repeat what the server may still be storing, nor hide that it stays away", async () => {
    let calls = 0;
    const late = failing(() => {
      calls += 1;
      throw storeUnavailable(new Error("too late"), { timed_out: true });
    });
    const away = failing(() => {
      throw storeUnavailable(new Error("connection refused"));
    });

    await expect(sendBulk(late, ["a"], line)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(calls).toBe(1);
    await expect(sendBulk(away, ["a"], line)).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("names the count and the first reason of what is refused for good, after writing the rest", async () => {
    const { store, calls } = answering((ids) => ids.map((id) => (id === "bad" ? WRONG : CREATED)));

    await expect(sendBulk(store, ["a", "bad", "c"], line)).rejects.toMatchObject({
      kind: "bug",
      code: "store_refused",
      facts: { refused: 1, first_reason: "400 mapper_parsing_exception: no field x" },
    });
    expect(calls).toHaveLength(1);
  });

  it("gives up after a bounded number of tries", async () => {
    const { store, calls } = answering((ids) => ids.map(() => BUSY));

    await expect(sendBulk(store, ["a"], line)).rejects.toMatchObject({ code: "store_busy" });
    expect(calls).toHaveLength(5);
  });

  it("does not wait for a block on the index to pass", async () => {
    const error = { type: "cluster_block_exception", reason: "index has read-only-allow-delete block" };
    const { store, calls } = answering((ids) => ids.map(() => ({ create: { status: 429, error } })));

    await expect(sendBulk(store, ["a"], line)).rejects.toMatchObject({ code: "store_full" });
    expect(calls).toHaveLength(1);
  });

  it("does not take an answer for fewer documents as success", async () => {
    const { store } = answering(() => [CREATED]);

    await expect(sendBulk(store, ["a", "b"], line)).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("cuts by number and by length, and sends every document once", async () => {
    const { store, calls } = answering((ids) => ids.map(() => CREATED));
    const many = Array.from({ length: 12_001 }, (_, i) => `d${i}`);
    const long = (record: string) => ({ action: record, source: "x".repeat(1_500_000) });

    expect(await sendBulk(store, many, line)).toEqual({ written: 12_001, conflicts: [] });
    expect(calls.map((ids) => ids.length)).toEqual([5_000, 5_000, 2_001]);
    expect(calls.flat().sort()).toEqual([...many].sort());
    calls.length = 0;
    expect(await sendBulk(store, ["a", "b", "c", "d"], long)).toEqual({ written: 4, conflicts: [] });
    expect(calls.map((ids) => ids.length)).toEqual([3, 1]);
  });
});

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../index.ts";

const FOLDER =
  readEnvironment()["POLYMARKET_RECORDINGS"] ?? resolve(import.meta.dirname, "../../../../shared/payloads");

describe.skipIf(!existsSync(FOLDER))("with recordings", () => {
  let simulator: Simulator;

  beforeAll(async () => {
    simulator = await startSimulator({ recordings: FOLDER });
  });
  afterAll(() => simulator.close());

  async function get(path: string): Promise<unknown> {
    return (await fetch(`${simulator.url}${path}`)).json();
  }

  interface Index {
    counts: Record<string, number>;
    feeds: { name: string; row_set: string; rows: number; data_url: string }[];
    books: { asset_id: string; verified: boolean }[];
    left_out: { file: string; reason: string }[];
  }
  const index = async () => (await get("/_recordings")) as Index;

  async function walkFeed(url: string, rowSet: string): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    let cursor: string | null = null;
    do {
      const query = `limit=7&taker_only=${rowSet === "taker"}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
      const page = (await get(`${url}/v2/trades?${query}`)) as {
        data: Record<string, unknown>[];
        pagination: { next_cursor: string | null };
      };
      rows.push(...page.data);
      cursor = page.pagination.next_cursor;
    } while (cursor);
    return rows;
  }

  test("each file of trades is a feed of its own, under v2 names, with all its rows", async () => {
    const { feeds } = await index();

    expect(feeds.map(({ name, rows, row_set }) => `${name} ${rows} ${row_set}`)).toEqual([
      "nt_trades_v1_minimal_fields 3 taker",
      "trades_v1_baguette_10pm 6 all",
      "trades_v1_baguette_trades 35 all",
      "trades_v1_gabagool_945pm 45 all",
      "trades_v1_user_500_a 250 taker",
      "trades_v2_page 2 taker",
    ]);
    for (const { data_url, row_set, rows } of feeds) {
      const served = await walkFeed(data_url, row_set);
      expect(served).toHaveLength(rows);
      for (const row of served) expect(row).toHaveProperty("transaction_hash");
    }
  });

  test("the four equal rows of one transaction stay four", async () => {
    const rows = await walkFeed("/feeds/trades_v1_gabagool_945pm/data", "all");
    const counts = new Map<string, number>();
    for (const row of rows) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1);
    const truth = await (await fetch(`${simulator.url}/_truth/trades?feed=trades_v1_gabagool_945pm`)).text();

    expect(Math.max(...counts.values())).toBe(4);
    expect(truth).toContain('"multiplicity":4}');
  });

  test("a feed is not served under another row set than it was recorded with", async () => {
    const answer = await fetch(`${simulator.url}/feeds/trades_v1_gabagool_945pm/data/v2/trades`);

    expect(answer.status).toBe(400);
  });

  test("a walk over open and closed markets meets every recorded market once", async () => {
    const met: string[] = [];
    for (const closed of ["false", "true"]) {
      let cursor: string | undefined;
      do {
        const after = cursor ? `&after_cursor=${cursor}` : "";
        const page = (await get(`/gamma/markets/keyset?limit=25&closed=${closed}&order=id${after}`)) as {
          markets: { id: string }[];
          next_cursor?: string;
        };
        met.push(...page.markets.map(({ id }) => id));
        cursor = page.next_cursor;
      } while (cursor);
    }
    const { counts } = await index();

    expect(new Set(met).size).toBe(met.length);
    expect(met).toHaveLength(counts["markets"] ?? 0);
    expect(counts["market_versions"]).toBeGreaterThan(counts["markets"] ?? 0);
  });

  test("a market recorded several times changes from reading to reading, until its last version", async () => {
    await fetch(`${simulator.url}/_recordings/version`, { method: "POST", body: '{"version":0}' });
    const list = async () =>
      (await get("/gamma/markets?limit=100&order=updatedAt&ascending=false")) as object[];
    const munich = (markets: object[]) =>
      markets.filter((one) => String(Object(one).slug).includes("munich-on-july-3"));
    const first = munich(await list());
    await fetch(`${simulator.url}/_recordings/version`, { method: "POST", body: '{"version":3}' });
    const last = munich(await list());
    await fetch(`${simulator.url}/_recordings/version`, { method: "POST", body: '{"version":null}' });

    expect(first).toHaveLength(11);
    expect(last.map((one) => Object(one).id).sort()).toEqual(first.map((one) => Object(one).id).sort());
    expect(last.map((one) => Object(one).updatedAt).sort()).not.toEqual(
      first.map((one) => Object(one).updatedAt).sort(),
    );
  });

  test("markets inside events carry their event, and its tags when asked", async () => {
    const [market] = (await get(
      "/gamma/markets?slug=highest-temperature-in-munich-on-june-16-2026-18corbelow&include_tag=true",
    )) as object[];

    expect(Object(market).events).toHaveLength(1);
    expect(Object(market).tags.map((tag: object) => Object(tag).slug)).toContain("weather");
  });

  test("recorded books come unaltered: their hashes hold", async () => {
    const { books } = await index();
    const body = JSON.stringify(books.map(({ asset_id }) => ({ token_id: asset_id })));
    const answer = await fetch(`${simulator.url}/clob/books`, { method: "POST", body });
    const served = (await answer.json()) as { hash: string }[];

    expect(served).toHaveLength(8);
    expect(books.every(({ verified }) => verified)).toBe(true);
    for (const book of served)
      expect(
        createHash("sha1")
          .update(JSON.stringify({ ...book, hash: "" }))
          .digest("hex"),
      ).toBe(book.hash);
  });

  test("says which files are left out, and why", async () => {
    const { left_out } = await index();

    expect(left_out).toContainEqual({ file: "data_api/activity_v1_user_a.json", reason: "not trades" });
    expect(left_out).toContainEqual({ file: "data_api/positions_v1_a.json", reason: "not trades" });
    expect(left_out.some(({ file }) => file.startsWith("ws_market/"))).toBe(true);
  });
});

test("a folder without recordings stops the start", async () => {
  await expect(startSimulator({ recordings: import.meta.dirname })).rejects.toThrow("no recordings");
});

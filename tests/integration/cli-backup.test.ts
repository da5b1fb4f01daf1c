import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashKeyText } from "@polytape/api-access";
import { commands, connectTools, run } from "@polytape/cli";
import { applyTopology, connectEventBus } from "@polytape/event-bus";
import { QUICK_JAVA, type RunningServer, startNats, startOpenSearch } from "@polytape/local";
import { DAY_MS, numberEqualTrades } from "@polytape/market-model";
import { aBook, aMarket, aTradeRow } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { topology } from "@polytape/nats";
import { applyStoreSchema } from "@polytape/opensearch";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Servers of its own, because they are wiped. */
const MARKET = aMarket();
const DAYS = 3;
const NOW_SECONDS = Math.floor(Date.now() / 1_000);
const rarely = { marketsMs: 3_600_000, tradesMs: 3_600_000, booksMs: 3_600_000 };

let openSearch: RunningServer;
let nats: RunningServer;
let store: MarketStore;
let folder: string;

beforeAll(async () => {
  [openSearch, nats] = await Promise.all([
    startOpenSearch({ heap: "384m", javaOptions: QUICK_JAVA }),
    startNats(),
  ]);
  await applyStoreSchema({ urls: [openSearch.url], timeoutMs: 30_000 });
  await applyTopology({ url: nats.url, clientName: "test" }, topology(rarely, 1));
  store = openMarketStore({ urls: [openSearch.url], timeoutMs: 30_000 });
  folder = join(openSearch.home, "opensearch/snapshots/nightly");
  await fill();
});

afterAll(async () => {
  await store?.close();
  await openSearch?.stop();
  await nats?.stop();
});

async function fill(): Promise<void> {
  await store.markets.storeMarkets([MARKET], Date.now());
  const rows = Array.from({ length: 600 }, (_, n) => {
    const tsSeconds = NOW_SECONDS - n * Math.floor((DAYS * 86_400) / 600);
    return aTradeRow({ tsSeconds, size: n + 1, marketId: MARKET.marketId });
  });
  const numbering = numberEqualTrades();
  await store.trades.createTrades(numbering.number(rows, { rowSet: "taker", receivedAtMs: Date.now() }));
  await store.books.storeBooks([
    { ...aBook({ tsMs: Date.now() - DAY_MS }), observedAtMs: Date.now(), previousSeenAtMs: null },
  ]);
  await store.checkpoints.write("a-walk", { at: 7 }, null);
  await fetch(`${openSearch.url}/_refresh`, { method: "POST" });
}

async function polytape(...words: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const environment = { NATS_URL: nats.url, OPENSEARCH_URL: openSearch.url };
  const io = { tell: (line: string) => void errors.push(line), readInput: async () => "" };
  const { tools, close } = connectTools(environment, (line) => void out.push(line), io);
  try {
    return { status: await run(commands, words, tools, io.tell), out, errors };
  } finally {
    await close();
  }
}

/** What a reader could be told, in an order of its own. */
async function answers() {
  const trades = await store.trades.findTrades({ sort: "desc", limit: 1_000 });
  return {
    trades,
    aggregate: await store.trades.aggregateTrades({ marketId: MARKET.marketId }),
    market: await store.markets.findMarket(MARKET.slug),
    book: await store.books.findBook({ assetId: aBook().assetId, atMs: Date.now(), match: "before" }),
    walk: (await store.checkpoints.read("a-walk"))?.state,
    keys: (await polytape("keys", "list", "--json")).out,
  };
}

async function wipe(): Promise<void> {
  const answer = await fetch(`${openSearch.url}/_cat/indices?format=json`);
  for (const { index } of (await answer.json()) as { index: string }[])
    await fetch(`${openSearch.url}/${index}`, { method: "DELETE" });
  await nats.stop();
  nats = await startNats();
  await applyTopology({ url: nats.url, clientName: "test" }, topology(rarely, 1));
}

test("what was backed up comes back after everything was lost: the same answers and keys", async () => {
  const made = await polytape("keys", "create", "--plan", "weekly", "--label", "ada");
  await polytape("keys", "create", "--plan", "monthly");
  const before = await answers();
  expect(before.trades).toHaveLength(600);

  const saved = await polytape("backup", "--to", folder);
  expect([saved.status, saved.out]).toEqual([
    0,
    [expect.stringMatching(/documents in \d+ indices and 2 keys/)],
  ]);
  await wipe();
  // As an operator would: the servers are set up first, and are empty then.
  await applyStoreSchema({ urls: [openSearch.url], timeoutMs: 30_000 });
  const restored = await polytape("restore", "--from", folder);

  expect(restored).toMatchObject({ status: 0, errors: [expect.stringMatching(/^Bringing back polytape-2/)] });
  expect(await answers()).toEqual(before);
  const bus = await connectEventBus({ url: nats.url, clientName: "test" });
  const kept = await (await bus.bucket("api_keys")).get(hashKeyText(made.out.at(-1) ?? ""));
  await bus.close();
  expect(kept?.value).toMatchObject({ label: "ada", plan: "weekly" });
});

test("the file of keys is the owner's alone and holds no key, and the server keeps no reference to the folder", async () => {
  const { out } = await polytape("backup", "--to", folder);
  const file = / are in (\S+\.json)/.exec(out.join())?.[1] ?? "";
  const made = (await polytape("keys", "create", "--plan", "weekly")).out.at(-1) ?? "";
  await polytape("backup", "--to", folder);

  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain(made.slice(3));
  const repositories = await (await fetch(`${openSearch.url}/_snapshot`)).json();
  expect(repositories).toEqual({});
});

test("a store or keys that are there are left alone unless told, and then are what the backup says", async () => {
  await polytape("backup", "--to", folder);
  const before = await answers();
  await store.checkpoints.write("later", { at: 9 }, null);
  const [row] = [aTradeRow({ tsSeconds: NOW_SECONDS - 5, size: 77_777, marketId: MARKET.marketId })];
  await store.trades.createTrades(
    numberEqualTrades().number([row], { rowSet: "taker", receivedAtMs: Date.now() }),
  );

  const refused = await polytape("restore", "--from", folder);
  expect(refused.status).toBe(2);
  expect(refused.errors.at(-1)).toMatch(/Nothing was changed: the store has data \(.* and there are keys/);
  expect(await store.checkpoints.read("later")).not.toBeNull();

  expect(await polytape("restore", "--from", folder, "--overwrite")).toMatchObject({ status: 0 });
  expect(await answers()).toEqual(before);
  expect(await store.checkpoints.read("later")).toBeNull();
  // Writing goes on: behind the alias, into today's index, and into one that does not exist yet.
  const settings = await (await fetch(`${openSearch.url}/_cluster/settings`)).json();
  expect(settings).toEqual({ persistent: {}, transient: {} });
  const old = aTradeRow({ tsSeconds: NOW_SECONDS - 30 * 86_400, size: 5, marketId: MARKET.marketId });
  const numbered = numberEqualTrades().number([old], { rowSet: "taker", receivedAtMs: Date.now() });
  expect(await store.trades.createTrades(numbered)).toEqual({ stored: 1, repeated: 0 });
});

test("collectors that go on are refused meanwhile, stand in nobody's way, and store again afterwards", async () => {
  await polytape("backup", "--to", folder);
  const before = await answers();
  let [going, n, refusals] = [true, 0, 0];
  const writing = (async () => {
    while (going) {
      // A day of its own each time: an index that could spring up in the gap.
      n += 1;
      const row = aTradeRow({
        tsSeconds: NOW_SECONDS - (n + 40) * 86_400,
        size: n,
        marketId: MARKET.marketId,
      });
      const trades = numberEqualTrades().number([row], { rowSet: "taker", receivedAtMs: Date.now() });
      await store.trades.createTrades(trades).catch(() => {
        refusals += 1;
      });
    }
  })();

  const restored = await polytape("restore", "--from", folder, "--overwrite");
  going = false;
  await writing;

  expect(restored).toMatchObject({ status: 0, errors: [expect.stringContaining("Bringing back")] });
  expect(refusals).toBeGreaterThan(0);
  const kept = new Set(
    (await store.trades.findTrades({ sort: "desc", limit: 1_000 })).map((each) => each.tradeId),
  );
  expect(before.trades.every(({ tradeId }) => kept.has(tradeId))).toBe(true);
});

// Its server was stopped in the middle: indices are gone, and none may come into being.
test("a restore that broke off is said by the doctor's look, and finished by the same command", async () => {
  await polytape("backup", "--to", folder);
  const before = await answers();
  await fetch(`${openSearch.url}/_cluster/settings`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ transient: { "action.auto_create_index": "false" } }),
  });
  await fetch(`${openSearch.url}/markets_v1`, { method: "DELETE" });
  expect(await store.inspect()).toMatchObject({ makesIndices: false });

  expect(await polytape("restore", "--from", folder, "--overwrite")).toMatchObject({
    status: 0,
    errors: [expect.stringContaining("Bringing back")],
  });

  expect(await answers()).toEqual(before);
  expect(await store.inspect()).toMatchObject({ makesIndices: true, blocked: [] });
});

// Whoever got hold of a key must not be let in again by an old backup.
test("a key that was revoked after the backup stays revoked", async () => {
  const id = /key_\w+/.exec((await polytape("keys", "create", "--plan", "weekly")).out.join())?.[0] ?? "";
  await polytape("backup", "--to", folder);
  await polytape("keys", "revoke", id);

  await polytape("restore", "--from", folder, "--overwrite");

  expect((await polytape("keys", "show", id)).out.join("\n")).toContain('"state": "revoked"');
});

test("usage that was counted comes back with its key", async () => {
  const bus = await connectEventBus({ url: nats.url, clientName: "test" });
  const usage = await bus.bucket("api_usage");
  await usage.put("key_aaaaaaaaaaaa", { day: "2026-11-22", requests: 12 });
  await polytape("backup", "--to", folder);
  await usage.delete("key_aaaaaaaaaaaa");

  expect(await polytape("restore", "--from", folder, "--overwrite")).toMatchObject({
    status: 0,
    errors: [expect.stringContaining("Bringing back")],
  });

  expect((await usage.get("key_aaaaaaaaaaaa"))?.value).toEqual({ day: "2026-11-22", requests: 12 });
  await bus.close();
});

test("a folder that OpenSearch may not use, or that holds no backup, is said so and nothing is changed", async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "polytape-backup-"));
  const backup = await polytape("backup", "--to", elsewhere);
  const restore = await polytape("restore", "--from", elsewhere, "--overwrite");
  rmSync(elsewhere, { recursive: true });

  expect([backup.status, backup.errors.at(-1)]).toEqual([
    2,
    expect.stringContaining("it must lie below its path.repo and be writable for it"),
  ]);
  expect([restore.status, restore.errors.at(-1)]).toEqual([2, expect.stringContaining("no complete backup")]);
  expect((await store.trades.findTrades({ sort: "desc", limit: 1 })).length).toBe(1);
});

test("a snapshot in a repository of the operator's own counts as a backup, once it is whole", async () => {
  const put = (path: string, body: object) =>
    fetch(`${openSearch.url}/_snapshot/${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect(await store.backups.newest()).toEqual({ repositories: 0, endedAtMs: null });
  await put("of-ours", { type: "fs", settings: { location: join(folder, "of-ours") } });
  expect(await store.backups.newest()).toEqual({ repositories: 1, endedAtMs: null });

  const startedMs = Date.now();
  await put("of-ours/one?wait_for_completion=true", { indices: "markets_v1" });

  const { endedAtMs } = await store.backups.newest();
  expect(endedAtMs).toBeGreaterThan(startedMs - 1_000);
  expect(endedAtMs).toBeLessThanOrEqual(Date.now());
});

const namesIn = (place: string) =>
  readdirSync(place).flatMap((file) => /^(polytape-\d+)\.json$/.exec(file)?.[1] ?? []);
const sizeOf = (place: string) =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
const put = (path: string, body: object) =>
  fetch(`${openSearch.url}${path}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

// What retention has freed lies in every backup that was made before: without an end the folder only grows.
test("older backups go with what only they hold, the folder shrinks, and the newest is still whole", async () => {
  const place = join(openSearch.home, "opensearch/snapshots/kept");
  const oldDay = Math.floor(NOW_SECONDS / 86_400 - 95) * 86_400 + 43_200;
  const rows = Array.from({ length: 8_000 }, (_, n) =>
    aTradeRow({ tsSeconds: oldDay - Math.floor(n / 8), size: n + 1, marketId: MARKET.marketId }),
  );
  const numbered = numberEqualTrades().number(rows, { rowSet: "taker", receivedAtMs: Date.now() });
  await store.trades.createTrades(numbered);
  await polytape("backup", "--to", place, "--keep", "2");
  await polytape("backup", "--to", place, "--keep", "2");
  const [grown, [, second]] = [sizeOf(place), namesIn(place)];
  await store.retention.dropIndex(
    `trades_v1-${new Date(oldDay * 1_000).toISOString().slice(0, 10).replaceAll("-", ".")}`,
  );
  const before = await answers();

  const third = await polytape("backup", "--to", place, "--keep", "2");
  const stillThere = sizeOf(place);
  const fourth = await polytape("backup", "--to", place, "--keep", "1");

  expect([third.status, fourth.status]).toEqual([0, 0]);
  expect(third.out[1]).toMatch(/^1 older are deleted, up to polytape-\d+\.$/);
  expect(fourth.out[1]).toMatch(/^2 older are deleted/);
  expect(stillThere).toBeGreaterThan(grown * 0.9);
  expect(sizeOf(place)).toBeLessThan(grown * 0.6);
  expect(namesIn(place)).toHaveLength(1);
  expect(namesIn(place)).not.toContain(second);
  expect(await polytape("restore", "--from", place, "--overwrite")).toMatchObject({ status: 0 });
  expect(await answers()).toEqual(before);
});

test("snapshots of others in the folder stay, and a backup that cannot be made deletes none", async () => {
  const place = join(openSearch.home, "opensearch/snapshots/shared");
  await polytape("backup", "--to", place);
  const [first] = namesIn(place);
  /** Somebody else's look into the folder; registered for no longer, because a server remembers what it read. */
  async function byOthers<T>(readonly: boolean, act: (repository: string) => Promise<T>): Promise<T> {
    const settings = { location: join(place, "store"), readonly };
    await put("/_snapshot/theirs", { type: "fs", settings });
    return act(`${openSearch.url}/_snapshot/theirs`).finally(() =>
      fetch(`${openSearch.url}/_snapshot/theirs`, { method: "DELETE" }),
    );
  }
  const snapshots = () =>
    byOthers(true, async (repository) => {
      const answer = (await (await fetch(`${repository}/_all?verbose=false`)).json()) as {
        snapshots: { snapshot: string }[];
      };
      return answer.snapshots.map(({ snapshot }) => snapshot);
    });
  await put("/other-1", {});
  await byOthers(false, async () => {
    for (const [name, indices] of [
      ["polytape-20200101000000000", "other-1,markets_v1"],
      ["weekly", "markets_v1"],
    ])
      await put(`/_snapshot/theirs/${name}?wait_for_completion=true`, { indices });
  });

  const { url } = nats;
  nats = { ...nats, url: "nats://127.0.0.1:9" };
  const failed = await polytape("backup", "--to", place, "--keep", "1");
  nats = { ...nats, url };
  const [left, leftFiles] = [await snapshots(), namesIn(place)];
  const kept = await polytape("backup", "--to", place, "--keep", "1");

  expect(failed.status).toBe(1);
  expect(left).toContain(first);
  expect(leftFiles).toEqual([first]);
  expect(kept.out[1]).toBe(`1 older are deleted, up to ${first}.`);
  expect((await snapshots()).sort()).toEqual(["polytape-20200101000000000", ...namesIn(place), "weekly"]);
  await fetch(`${openSearch.url}/other-1`, { method: "DELETE" });
});

import { Hono } from "hono";
import { z } from "zod";
import { clobRoutes } from "../clob/routes.ts";
import { recordedFeedRoutes } from "./feed-routes.ts";
import { recordedGammaRoutes } from "./gamma-routes.ts";
import type { JsonObject, RecordedFeed, Recordings } from "./read-recordings.ts";
import { takeSnapshots } from "./snapshots.ts";

const chooseSchema = z.strictObject({ version: z.number().int().min(0).nullable() });

/** The families out of recordings, an index of what there is, and the truth about it. */
export function recordingsApp(recordings: Recordings, now: () => number): Hono {
  const snapshots = takeSnapshots();
  const books = new Map(recordings.books.map(({ book }) => [book.asset_id, book]));
  const gamma = recordedGammaRoutes(recordings, snapshots);
  const app = new Hono();

  app.get("/_recordings", (c) => c.json(index(recordings, snapshots.chosen())));
  app.post("/_recordings/version", async (c) => {
    const read = chooseSchema.safeParse(await c.req.json().catch(() => null));
    if (!read.success) return c.json({ error: z.prettifyError(read.error) }, 400);
    snapshots.choose(read.data.version);
    return c.json(read.data);
  });

  app.get("/_truth/trades", (c) => {
    const feed = recordings.feeds.find(({ name }) => name === c.req.query("feed"));
    if (!feed) return c.json({ error: "name a feed of /_recordings by ?feed=" }, 400);
    return c.body(truthLines(feed), 200, { "content-type": "application/x-ndjson" });
  });
  app.get("/_truth/markets", (c) => {
    const lines = recordings.markets.map(({ id, versions }) => {
      const object = versions.at(-1)?.object ?? {};
      return `${JSON.stringify({
        market_id: object["conditionId"],
        gamma_id: id,
        slug: object["slug"],
        title: object["question"],
        closed: object["closed"],
        versions: versions.length,
        files: [...new Set(versions.map(({ file }) => file))],
      })}\n`;
    });
    return c.body(lines.join(""), 200, { "content-type": "application/x-ndjson" });
  });
  app.get("/_truth/books", (c) => {
    const tokenId = c.req.query("token_id");
    return c.json(recordings.books.filter(({ book }) => tokenId === undefined || book.asset_id === tokenId));
  });
  app.get("/_truth/counts", (c) => c.json(index(recordings, snapshots.chosen()).counts));

  return app
    .route("/", recordedFeedRoutes(recordings, now))
    .route("/gamma", gamma)
    .route("/feeds/:name/gamma", gamma)
    .route("/clob", clobRoutes({ bookAt: (tokenId) => books.get(tokenId) ?? null, now }))
    .route("/", gamma);
}

function index(recordings: Recordings, version: number | null) {
  const { markets, events, tags, feeds, books, leftOut } = recordings;
  return {
    counts: {
      markets: markets.length,
      market_versions: markets.reduce((sum, market) => sum + market.versions.length, 0),
      versions_max: Math.max(0, ...markets.map((market) => market.versions.length)),
      events: events.length,
      tags: tags.length,
      rows: feeds.reduce((sum, feed) => sum + feed.rows.length, 0),
      books: books.length,
    },
    /** Null: each reading of a market gives its next version. */
    version,
    feeds: feeds.map(({ name, file, rowSet, rows }) => ({
      name,
      file,
      row_set: rowSet,
      rows: rows.length,
      data_url: `/feeds/${name}/data`,
    })),
    books: books.map(({ book, file, verified }) => ({
      asset_id: book.asset_id,
      market: book.market,
      file,
      verified,
    })),
    left_out: leftOut,
  };
}

/** The rows of a feed in the simulator's canonical form; equal ones once, with how many there are. */
function truthLines(feed: RecordedFeed): string {
  const counts = new Map<string, number>();
  for (const row of feed.rows) {
    const line = JSON.stringify(canonical(row)).slice(0, -1);
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, multiplicity]) => `${line},"multiplicity":${multiplicity}}\n`).join("");
}

function canonical(row: JsonObject): JsonObject {
  const lower = (field: string) => String(row[field]).toLowerCase();
  return {
    market_id: lower("condition_id"),
    asset_id: row["token_id"],
    wallet: lower("proxy_wallet"),
    transaction_hash: lower("transaction_hash"),
    side: lower("side"),
    price: Number(row["price"]),
    size: Number(row["size"]),
    ts: row["timestamp"],
  };
}

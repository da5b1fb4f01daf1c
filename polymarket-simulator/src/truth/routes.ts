import { Hono } from "hono";
import { stream } from "hono/streaming";
import { marketObject } from "../gamma/market-object.ts";
import { BLOCK_SECONDS, makeBlock, type WorldTrade } from "../world/trade-blocks.ts";
import type { World } from "../world/world.ts";

/** Rows written before the event loop gets its turn. */
const LINES_A_CHUNK = 2_000;

/**
 * What the world knows to be true. `from` is included and `to` excluded, epoch seconds; `visible_before`
 * (epoch ms, default now) counts only what clients could have been served by then.
 */
export function truthRoutes(world: World): Hono {
  const { feed, catalogue, disturbances, settings } = world;
  const app = new Hono();

  app.get("/_truth/trades", (c) => {
    const window = readWindow(c.req.query(), world);
    const malformed = c.req.query("malformed") ?? "exclude";
    c.header("content-type", "application/x-ndjson");
    return stream(c, async (out) => {
      let lines: string[] = [];
      for (const rows of blocks(world, window)) {
        for (const [line, multiplicity] of tally(rows)) lines.push(`${line}${multiplicity}}\n`);
        if (lines.length < LINES_A_CHUNK) continue;
        await out.write(lines.join(""));
        lines = [];
      }
      await out.write(lines.join(""));
    });

    function tally(rows: readonly WorldTrade[]): Map<string, number> {
      const counts = new Map<string, number>();
      for (const trade of rows) {
        const flaw = disturbances.tradeFlaw(trade);
        if ((flaw !== null) !== (malformed === "only")) continue;
        const line = truthLine(world, trade, flaw);
        counts.set(line, (counts.get(line) ?? 0) + 1);
      }
      return counts;
    }
  });

  app.get("/_truth/counts", async (c) => {
    const window = readWindow(c.req.query(), world);
    const counts = { rows: 0, malformed: 0, equal_rows: 0, dust: 0 };
    let since = 0;
    for (const rows of blocks(world, window)) {
      since += rows.length;
      if (since > LINES_A_CHUNK) {
        since = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const seen = new Set<string>();
      for (const trade of rows) {
        if (disturbances.tradeFlaw(trade)) counts.malformed++;
        else counts.rows++;
        const { settlement, market, outcome, wallet, side, price, size } = trade;
        const key = `${settlement} ${market} ${outcome} ${wallet} ${side} ${price} ${size}`;
        if (seen.has(key)) counts.equal_rows++;
        seen.add(key);
      }
      const [first] = rows;
      if (first) counts.dust += makeBlock(catalogue, first.timestamp, settings.equalRowsShare).dust;
    }
    return c.json({
      ...window,
      ...counts,
      markets: catalogue.countAt(world.now()),
      served_to: feed.servedSeconds(world.now()),
    });
  });

  app.get("/_truth/books", (c) => {
    const at = Number(c.req.query("at") ?? world.now());
    const book = world.books.bookAt(c.req.query("token_id") ?? "", at);
    return book ? c.json(book) : c.json({ error: "no book of this token at that time" }, 404);
  });

  app.get("/_truth/markets", (c) => {
    const nowMs = Number(c.req.query("at") ?? world.now());
    c.header("content-type", "application/x-ndjson");
    return stream(c, async (out) => {
      const count = catalogue.countAt(nowMs);
      for (let market = 0; market < count; market += LINES_A_CHUNK) {
        const end = Math.min(count, market + LINES_A_CHUNK);
        const lines = Array.from({ length: end - market }, (_, at) => marketLine(world, market + at, nowMs));
        await out.write(lines.join(""));
      }
    });
  });
  return app;
}

interface Window {
  readonly from: number;
  readonly to: number;
  readonly visible_before: number;
  readonly taker_only: boolean;
}

function readWindow(query: Record<string, string>, { feed, now }: World): Window {
  const nowMs = now();
  return {
    from: Number(query["from"] ?? feed.startSeconds),
    to: Number(query["to"] ?? Math.ceil(nowMs / 1_000) + 1),
    visible_before: Number(query["visible_before"] ?? nowMs),
    taker_only: query["taker_only"] !== "false",
  };
}

/** The served rows of each block of a window, oldest block first. */
function* blocks({ feed }: World, window: Window): Generator<readonly WorldTrade[]> {
  const newest = feed.newestSeconds(window.visible_before);
  const first = Math.ceil(Math.max(window.from, feed.startSeconds) / BLOCK_SECONDS) * BLOCK_SECONDS;
  for (let timestamp = first; timestamp < window.to && timestamp <= newest; timestamp += BLOCK_SECONDS)
    yield feed.visible(timestamp, window.taker_only, window.visible_before);
}

/** All but the multiplicity, which closes the line. */
function truthLine({ catalogue, feed }: World, trade: WorldTrade, flaw: string | null): string {
  const { writer } = feed;
  return `${JSON.stringify({
    market_id: catalogue.market(trade.market).conditionId,
    asset_id: writer.tokenId(trade),
    wallet: writer.wallet(trade),
    transaction_hash: writer.transactionHash(trade),
    side: trade.side === "BUY" ? "buy" : "sell",
    price: trade.price,
    size: trade.size,
    ts: trade.timestamp,
    ...(flaw ? { flaw } : {}),
  }).slice(0, -1)},"multiplicity":`;
}

function marketLine({ catalogue, disturbances }: World, market: number, nowMs: number): string {
  const { conditionId, gammaId, tokenIds, story, lifetime, event } = catalogue.market(market);
  const object = marketObject(catalogue, market, nowMs, { events: false, tags: false });
  const prices: string[] = JSON.parse(String(object["outcomePrices"] ?? "[]")) ?? [];
  const closed = nowMs >= lifetime.closedAtMs;
  const winner = closed && nowMs >= lifetime.resolvedAtMs ? prices.indexOf("1") : -1;
  return `${JSON.stringify({
    market_id: conditionId,
    gamma_id: gammaId,
    slug: story.slug,
    title: story.question,
    status: winner >= 0 ? "resolved" : closed ? "closed" : "open",
    outcomes: story.outcomes.map((name, at) => ({ name, asset_id: tokenIds[at] ?? null })),
    winner: winner >= 0 ? story.outcomes[winner] : null,
    tags: [...event.tags].sort(),
    updated_at: object["updatedAt"],
    flaw: disturbances.marketFlaw(market, nowMs),
  })}\n`;
}

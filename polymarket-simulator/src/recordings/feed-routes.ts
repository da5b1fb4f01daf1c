import { createHmac } from "node:crypto";
import { Hono } from "hono";
import type { JsonObject, RecordedFeed, Recordings } from "./read-recordings.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;

/** Data-API v2 out of recordings: each file of trades as a feed of its own, without a window of time. */
export function recordedFeedRoutes(recordings: Recordings, now: () => number): Hono {
  const app = new Hono();

  app.get("/feeds/:name/data/v2/trades", (c) => {
    const feed = recordings.feeds.find(({ name }) => name === c.req.param("name"));
    return feed ? page(feed, new URL(c.req.url).searchParams) : refusal("no such feed", "name", 404);
  });
  app.get("/feeds/:name/data/v2/status", () => json(status(now())));
  app.get("/data/v2/status", () => json(status(now())));
  app.get("/data/v2/trades", () =>
    refusal("recorded files overlap and are never merged: read /feeds/{name}/data/v2/trades", "name", 400),
  );
  return app;
}

function page(feed: RecordedFeed, parameters: URLSearchParams): Response {
  const takerText = parameters.get("taker_only") ?? parameters.get("takerOnly") ?? "true";
  if ((takerText === "true") !== (feed.rowSet === "taker"))
    return refusal(`this feed was recorded with taker_only=${feed.rowSet === "taker"}`, "taker_only", 400);
  if (parameters.has("offset")) return refusal("offset is not supported, use cursor", "offset", 400);
  const asked = Number(parameters.get("limit") ?? LIMIT_DEFAULT);
  if (!Number.isInteger(asked) || asked < 1) return refusal("invalid limit", "limit", 400);

  const token = parameters.get("cursor");
  const cursor = token ? readCursor(token, feed.name) : null;
  if (token && !cursor) return refusal("invalid cursor", "cursor", 400);
  const limit = cursor?.limit ?? Math.min(LIMIT_MAX, asked);
  const start = cursor?.start ?? 0;
  const rows = feed.rows.filter(accepts(parameters));
  const hasMore = start + limit < rows.length;
  return json({
    data: rows.slice(start, start + limit),
    pagination: {
      limit,
      offset: 0,
      has_more: hasMore,
      next_cursor: hasMore ? writeCursor(feed.name, limit, start + limit) : null,
    },
  });
}

function accepts(parameters: URLSearchParams): (row: JsonObject) => boolean {
  const equal = (parameter: string, field: string) => {
    const wanted = parameters.get(parameter)?.toLowerCase();
    return (row: JsonObject) => wanted === undefined || String(row[field]).toLowerCase() === wanted;
  };
  const tests = [equal("condition", "condition_id"), equal("user", "proxy_wallet"), equal("side", "side")];
  return (row) => tests.every((test) => test(row));
}

function sign(body: string): string {
  return createHmac("sha256", "recorded").update(body).digest("hex").slice(0, 32);
}

function writeCursor(feed: string, limit: number, start: number): string {
  const body = `${feed}:${limit}:${start}`;
  return Buffer.from(`${body}:${sign(body)}`).toString("base64");
}

function readCursor(token: string, feed: string): { limit: number; start: number } | null {
  const [name, limit, start, signature] = Buffer.from(token, "base64").toString().split(":");
  if (name !== feed || signature !== sign(`${name}:${limit}:${start}`)) return null;
  return { limit: Number(limit), start: Number(start) };
}

/** Recordings lag behind nothing: all that will ever be served is served. */
function status(nowMs: number): object {
  const mechanisms = [{ name: "activity_feed", age_seconds: 0 }];
  return {
    data: {
      computed_at: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
      age_seconds: 0,
      serving: { lag_seconds: 0, worst: "activity_feed", mechanisms },
    },
  };
}

function refusal(error: string, parameter: string, code: number): Response {
  const name = code === 404 ? "not_found" : "invalid_request";
  return json({ error, code: name, retryable: false, trace_id: "recorded", parameter }, code);
}

function json(body: unknown, code = 200): Response {
  const headers = { "content-type": "application/json", "x-trace-id": "recorded" };
  return new Response(JSON.stringify(body), { status: code, headers });
}

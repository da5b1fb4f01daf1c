import { Hono } from "hono";
import { mix, randomHex } from "../world/random.ts";
import { SERVED_SIZE_MIN, type WorldTrade } from "../world/trade-blocks.ts";
import type { World } from "../world/world.ts";
import { signCursors } from "./cursor.ts";
import type { FeedPage } from "./trade-feed.ts";
import { statusBody } from "./upstream-status.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const CONDITIONS_MAX = 20;
const YEARS_3_S = 3 * 365 * 86_400;
const TAIL_ENCODER = new TextEncoder();

/** Data-API v2: the trade feed by signed cursors, and the status. */
export function dataV2Routes(world: World): Hono {
  const cursors = signCursors(world.settings.seed);
  const app = new Hono();
  let requests = 0;
  const traceId = () => randomHex(4, world.settings.seed, 77, requests++);

  app.use("/v2/*", async (_c, next) => {
    const status = world.limits.v2Absent();
    if (status === null) return next();
    const code = status === 404 ? "not_found" : "not_implemented";
    return json({ error: "no such route", code, retryable: false }, status, traceId());
  });

  app.get("/v2/trades", (c) => {
    const trace = traceId();
    const parameters = new URL(c.req.url).searchParams;
    const asked = readTradesQuery(parameters, world);
    if ("refusal" in asked) return refusal(asked.refusal, asked.parameter, trace);

    const token = parameters.get("cursor");
    const cursor = token ? cursors.read(token) : null;
    if (token && !cursor) return refusal("invalid cursor", "cursor", trace);
    const filters = mix(...numbersOf(asked.filters)).toString(16);
    // Other filters than the cursor's: the walk silently begins anew, at the head.
    const position = cursor?.filters === filters ? cursor.position : null;
    const limit = cursor?.limit ?? asked.limit;
    const page = world.feed.page(
      {
        before: position,
        limit,
        skip: 0,
        takerOnly: asked.takerOnly,
        fromSeconds: asked.fromSeconds,
        toSeconds: asked.toSeconds,
        takes: asked.takes,
      },
      "v2",
      world.now(),
    );
    const next = page.hasMore && page.last ? cursors.write({ limit, position: page.last, filters }) : null;
    return envelope(page, limit, next, trace);
  });

  app.get("/v2/status", () => json({ data: statusBody(world) }, 200, traceId()));
  app.all("/v2/*", () =>
    json({ error: "not simulated", code: "not_simulated", retryable: false }, 501, traceId()),
  );
  return app;
}

interface TradesQuery {
  readonly limit: number;
  readonly takerOnly: boolean;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly takes: ((trade: WorldTrade) => boolean) | null;
  /** All filters in one text: equal texts are equal filters. */
  readonly filters: string;
}

/** The parameters of /v2/trades in either spelling, or what is wrong with them. */
function readTradesQuery(
  parameters: URLSearchParams,
  world: World,
): TradesQuery | { refusal: string; parameter: string } {
  const { catalogue, feed } = world;
  const nowMs = world.now();
  const either = (...names: string[]) =>
    names.map((name) => parameters.get(name)).find((text) => text !== null) ?? null;
  const bad = (parameter: string, refusal = `invalid ${parameter}`) => ({ refusal, parameter });

  if (parameters.has("offset")) return bad("offset", "offset is not supported, use cursor");
  if (parameters.has("event_id") || parameters.has("eventId"))
    return bad("event_id", "event_id is not simulated");
  const limit = Number(either("limit") ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1) return bad("limit");
  const takerText = either("taker_only", "takerOnly") ?? "true";
  if (takerText !== "true" && takerText !== "false") return bad("taker_only");
  const side = either("side")?.toUpperCase() ?? null;
  if (side !== null && side !== "BUY" && side !== "SELL") return bad("side");
  const user = either("user")?.toLowerCase() ?? null;
  if (user !== null && !/^0x[0-9a-f]{40}$/.test(user)) return bad("user");
  const conditions = conditionsOf(parameters);
  if (conditions.length > CONDITIONS_MAX || conditions.some((id) => !/^0x[0-9a-f]{64}$/.test(id)))
    return bad("condition");
  const filterType = (either("filter_type", "filterType") ?? "TOKENS").toUpperCase();
  if (filterType !== "TOKENS" && filterType !== "CASH") return bad("filter_type");
  const amount = Math.max(SERVED_SIZE_MIN, Number(either("filter_amount", "filterAmount") ?? 0));
  if (!Number.isFinite(amount)) return bad("filter_amount");
  const [start, end] = [Number(either("start") ?? 0), Number(either("end") ?? Infinity)];
  if (Number.isNaN(start) || Number.isNaN(end)) return bad(Number.isNaN(start) ? "start" : "end");

  const markets = conditions.map((id) => catalogue.findByConditionId(id, nowMs));
  const tests: ((trade: WorldTrade) => boolean)[] = [];
  if (conditions.length > 0) tests.push((trade) => markets.includes(trade.market));
  if (user !== null) tests.push((trade) => feed.writer.wallet(trade) === user);
  if (side !== null) tests.push((trade) => trade.side === side);
  if (amount > SERVED_SIZE_MIN || filterType === "CASH")
    tests.push((trade) => (filterType === "CASH" ? trade.size * trade.price : trade.size) >= amount);
  const windowed = user !== null;
  return {
    limit: Math.min(LIMIT_MAX, limit),
    takerOnly: takerText === "true",
    // start and end count only with a user; else the window is fixed.
    fromSeconds: windowed && start > 0 ? start : windowStartSeconds(nowMs, conditions.length > 0 || windowed),
    toSeconds: windowed ? end : Infinity,
    takes: tests.length === 0 ? null : (trade) => tests.every((test) => test(trade)),
    filters: [
      takerText,
      side,
      user,
      [...conditions].sort(),
      filterType,
      amount,
      windowed ? [start, end] : "",
    ].join(" "),
  };
}

function conditionsOf(parameters: URLSearchParams): string[] {
  return ["condition", "condition_id", "conditionId"]
    .flatMap((name) => parameters.getAll(name))
    .flatMap((list) => list.split(","))
    .filter((id) => id !== "")
    .map((id) => id.toLowerCase());
}

/** The bare feed holds the current and the previous month; that of a market or a user three years. */
function windowStartSeconds(nowMs: number, narrowed: boolean): number {
  if (narrowed) return nowMs / 1_000 - YEARS_3_S;
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1) / 1_000;
}

function numbersOf(text: string): [number, number, number, number] {
  const sums: [number, number, number, number] = [17, 31, 0, text.length];
  for (let at = 0; at < text.length; at++) {
    sums[0] = (Math.imul(sums[0], 33) ^ text.charCodeAt(at)) | 0;
    sums[1] = (Math.imul(sums[1], 65_599) + text.charCodeAt(at)) | 0;
  }
  return sums;
}

function envelope(page: FeedPage, limit: number, next: string | null, trace: string): Response {
  const head = TAIL_ENCODER.encode('{"data":[');
  const pagination = { limit, offset: 0, has_more: page.hasMore, next_cursor: next };
  const tail = TAIL_ENCODER.encode(`],"pagination":${JSON.stringify(pagination)}}`);
  const body = Buffer.concat([head, ...page.parts, tail]);
  return new Response(body, { headers: { "content-type": "application/json", "x-trace-id": trace } });
}

function refusal(error: string, parameter: string, trace: string): Response {
  return json({ error, code: "invalid_request", retryable: false, trace_id: trace, parameter }, 400, trace);
}

function json(body: object, status: number, trace: string): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "x-trace-id": trace },
  });
}

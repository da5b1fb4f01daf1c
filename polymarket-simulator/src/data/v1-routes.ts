import { Hono } from "hono";
import type { WorldTrade } from "../world/trade-blocks.ts";
import type { World } from "../world/world.ts";

const LIMIT_DEFAULT = 100;

/** Data-API v1: `/trades` as a bare array by offset, with its cap. */
export function dataV1Routes(world: World): Hono {
  const { feed, catalogue, limits } = world;
  const app = new Hono();

  app.get("/trades", (c) => {
    const parameters = new URL(c.req.url).searchParams;
    const number = (name: string, otherwise: number) => Number(parameters.get(name) ?? otherwise);
    const form = limits.v1Form();
    const limit = Math.min(form.limit_max, number("limit", LIMIT_DEFAULT));
    const asked = number("offset", 0);
    if (![limit, asked].every((value) => Number.isInteger(value) && value >= 0))
      return refusal("invalid limit or offset");
    if (parameters.has("eventId")) return refusal("eventId is not simulated", 501);
    if (parameters.has("filterType") !== parameters.has("filterAmount"))
      return refusal("filterType and filterAmount must be provided together");
    if (form.windows === "refused" && (parameters.has("start") || parameters.has("end")))
      return refusal("unknown parameter: start, end");

    const isWindowed = form.windows === "honoured";
    const end = number("end", Number.POSITIVE_INFINITY);
    const offset = pastCap(asked);
    if (offset === "refuse")
      return refusal(`max historical activity offset of ${limits.tradesOffsetMax()} exceeded`);
    if (offset === "empty") return json("[]");
    const nowMs = world.now();
    const page = feed.page(
      {
        before: null,
        limit,
        skip: limits.shifted(offset),
        takerOnly: parameters.get("takerOnly") !== "false",
        fromSeconds: isWindowed ? number("start", 0) : 0,
        toSeconds: !isWindowed ? Number.POSITIVE_INFINITY : form.end === "inclusive" ? end : end - 1,
        takes: readFilters(parameters, nowMs),
      },
      "v1",
      nowMs,
    );
    return json(Buffer.concat([Buffer.from("["), ...page.parts, Buffer.from("]")]));
  });

  function pastCap(offset: number): number | "refuse" | "empty" {
    const cap = limits.tradesOffsetMax();
    if (offset <= cap) return offset;
    // The old mode: the last page within the cap again and again, with 200.
    const mode = limits.tradesPastCap();
    return mode === "repeat" ? cap : mode;
  }

  function readFilters(parameters: URLSearchParams, nowMs: number): (trade: WorldTrade) => boolean {
    const market = parameters.get("market");
    const markets = market?.split(",").map((id) => catalogue.findByConditionId(id, nowMs));
    const user = parameters.get("user")?.toLowerCase();
    const side = parameters.get("side")?.toUpperCase();
    const amount = Number(parameters.get("filterAmount") ?? 0);
    const cash = parameters.get("filterType")?.toUpperCase() === "CASH";
    return (trade) =>
      (markets?.includes(trade.market) ?? true) &&
      (user === undefined || feed.writer.wallet(trade) === user) &&
      (side === undefined || trade.side === side) &&
      (cash ? trade.size * trade.price : trade.size) >= amount;
  }

  return app;
}

function refusal(error: string, status = 400): Response {
  return json(JSON.stringify({ error }), status);
}

function json(body: string | Uint8Array<ArrayBuffer>, status = 200): Response {
  return new Response(body, { status, headers: { "content-type": "application/json" } });
}

import { Hono } from "hono";
import { TAGS } from "../world/market-story.ts";
import type { World } from "../world/world.ts";
import { eventIdOf, eventObject, leaderOfEventId, membersOf } from "./event-object.ts";
import { isClosed, listByCursor, listByOffset, takesMarket } from "./list-markets.ts";
import { orderMarkets } from "./list-order.ts";
import { type GammaRefusal, isRefusal, type ListQuery, readListQuery, refused } from "./list-query.ts";
import { type GammaObject, marketObject } from "./market-object.ts";
import { tagObjects } from "./tag-objects.ts";

/** More ids than this in one URL meet the edge's refusal, an HTML page. */
export const IDS_IN_URL_MAX = 60;

export const HTML_403 =
  "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1></body></html>";

/** Gamma: markets, events and tags of the world, with Gamma's defaults, clamps and refusals. */
export function gammaRoutes(world: World): Hono {
  const { catalogue } = world;
  const order = orderMarkets(catalogue);
  const app = new Hono();

  const objectOf = (market: number, nowMs: number, tags: boolean) =>
    world.disturbances.spoilMarket(
      market,
      nowMs,
      marketObject(catalogue, market, nowMs, { events: true, tags }),
    );

  /** One listing of either form and of either kind of object. */
  function list(url: string, kind: "markets" | "events", form: "offset" | "keyset"): Response {
    const parameters = new URL(url).searchParams;
    if (idsIn(parameters) > IDS_IN_URL_MAX) return htmlRefusal();
    if (form === "keyset" && parameters.has("offset"))
      return refusal(refused("offset is not allowed on keyset endpoints"));
    const nowMs = world.now();
    const query = readListQuery(parameters, catalogue, nowMs);
    if (isRefusal(query)) return refusal(query);
    if (query.offset > world.limits.gammaOffsetMax())
      return refusal(refused(`offset too large, use /${kind}/keyset for deeper pagination`));
    const takes = kind === "markets" ? takesMarket(query, catalogue, nowMs) : takesEvent(query, nowMs);
    const ordering = order(query.order, nowMs);
    const write = (found: readonly number[]) =>
      found.map((market) =>
        kind === "markets"
          ? objectOf(market, nowMs, query.includeTag)
          : eventObject(catalogue, market, nowMs, { markets: parameters.get("include_markets") !== "false" }),
      );
    if (form === "offset")
      return json(
        write(listByOffset({ ...query, offset: world.limits.shifted(query.offset) }, ordering, takes)),
      );
    const listing = listByCursor(query, ordering, takes);
    if (!listing) return refusal(refused("after_cursor is invalid"));
    const body: GammaObject = { $schema: `https://gamma-api.polymarket.com/schemas/${kind}.json` };
    body[kind] = write(listing.found);
    // At the end the key is absent, not null.
    if (listing.nextCursor !== null) body["next_cursor"] = listing.nextCursor;
    return json(body);
  }

  const takesEvent = (query: ListQuery, nowMs: number) => (market: number) =>
    catalogue.market(market).eventLeader === market &&
    (query.closed === null || query.closed === isClosed(catalogue, market, nowMs)) &&
    (query.named === null ||
      membersOf(catalogue, market, nowMs).some((member) => query.named?.has(member))) &&
    query.accepts(market);

  app.get("/markets", (c) => list(c.req.url, "markets", "offset"));
  app.get("/markets/keyset", (c) => list(c.req.url, "markets", "keyset"));
  app.get("/events", (c) => list(c.req.url, "events", "offset"));
  app.get("/events/keyset", (c) => list(c.req.url, "events", "keyset"));

  app.get("/markets/slug/:slug", (c) => {
    const market = catalogue.findBySlug(c.req.param("slug"), world.now());
    return market === null ? refusal(NOT_FOUND_SLUG) : single(market, c.req.query("include_tag"));
  });
  app.get("/markets/:id", (c) => {
    const id = c.req.param("id");
    if (!/^[0-9]{1,12}$/.test(id)) return refusal(refused("id is invalid"));
    const market = catalogue.findByGammaId(id, world.now());
    return market === null ? refusal(NOT_FOUND) : single(market, c.req.query("include_tag"));
  });
  app.get("/markets/:id/tags", (c) => {
    const market = catalogue.findByGammaId(c.req.param("id"), world.now());
    return market === null ? refusal(NOT_FOUND) : json(tagObjects(catalogue.market(market).event.tags));
  });

  function single(market: number, includeTag: string | undefined): Response {
    return json(objectOf(market, world.now(), includeTag === "true"));
  }

  app.get("/events/slug/:slug", (c) => {
    const slug = c.req.param("slug");
    const market = Number(/-([0-9]{1,9})(-event)?$/.exec(slug)?.[1] ?? Number.NaN);
    const known = market < catalogue.countAt(world.now()) && catalogue.market(market).event.slug === slug;
    return known ? event(market) : refusal(NOT_FOUND_SLUG);
  });
  app.get("/events/:id", (c) => {
    const id = c.req.param("id");
    if (!/^[0-9]{1,12}$/.test(id)) return refusal(refused("id is invalid"));
    const leader = leaderOfEventId(id);
    const known =
      leader !== null &&
      leader < catalogue.countAt(world.now()) &&
      catalogue.market(leader).eventLeader === leader &&
      eventIdOf(leader) === id;
    return known ? event(leader) : refusal(NOT_FOUND);
  });

  function event(leader: number): Response {
    return json(eventObject(catalogue, leader, world.now(), { markets: true }));
  }

  app.get("/tags", () => json(tagObjects(TAGS)));
  return app;
}

const NOT_FOUND: GammaRefusal = { status: 404, type: "not found error", error: "id not found" };
const NOT_FOUND_SLUG: GammaRefusal = { status: 404, type: "not found error", error: "slug not found" };

function idsIn(parameters: URLSearchParams): number {
  return parameters.getAll("condition_ids").length + parameters.getAll("clob_token_ids").length;
}

function htmlRefusal(): Response {
  return new Response(HTML_403, { status: 403, headers: { "content-type": "text/html; charset=UTF-8" } });
}

function refusal({ status, type, error }: GammaRefusal): Response {
  return json({ type, error }, status);
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

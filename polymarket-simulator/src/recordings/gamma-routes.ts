import { Hono } from "hono";
import { type GammaRefusal, PAGE_MAX, refused } from "../gamma/list-query.ts";
import { HTML_403, IDS_IN_URL_MAX } from "../gamma/routes.ts";
import type { JsonObject, Recordings } from "./read-recordings.ts";
import type { Snapshots } from "./snapshots.ts";

const PAGE_DEFAULT = 20;

/** Gamma out of recordings: the listings and look-ups that collectors use, with Gamma's defaults and refusals. */
export function recordedGammaRoutes(recordings: Recordings, snapshots: Snapshots): Hono {
  const app = new Hono();

  function list(url: string, kind: "markets" | "events", form: "offset" | "keyset"): Response {
    const parameters = new URL(url).searchParams;
    if (
      parameters.getAll("condition_ids").length + parameters.getAll("clob_token_ids").length >
      IDS_IN_URL_MAX
    )
      return new Response(HTML_403, { status: 403, headers: { "content-type": "text/html; charset=UTF-8" } });
    if (form === "keyset" && parameters.has("offset"))
      return refusal(refused("offset is not allowed on keyset endpoints"));
    const limit = Math.min(PAGE_MAX, Number(parameters.get("limit") || PAGE_DEFAULT));
    const offset = Number(parameters.get("offset") || 0);
    if (!Number.isInteger(limit) || limit < 0 || !Number.isInteger(offset) || offset < 0)
      return refusal(refused("limit or offset is invalid"));

    const entries: Entry[] =
      kind === "events"
        ? recordings.events.map((object) => ({ id: String(object["id"]), object, serve: () => object }))
        : recordings.markets.map((market) => ({
            id: market.id,
            object: snapshots.peek(market),
            serve: () => snapshots.serve(market, parameters.get("include_tag") === "true"),
          }));
    const ordered = inOrder(entries.filter(accepts(parameters)), parameters);
    if (form === "offset") return json(ordered.slice(offset, offset + limit).map(({ serve }) => serve()));

    const after = parameters.get("after_cursor");
    const rest = after ? ordered.slice(placeAfter(ordered, after, parameters)) : ordered;
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    const next = rest.length > page.length && last ? { next_cursor: cursorOf(last, parameters) } : {};
    // The cursor is taken before serving, which moves a market on to its next version.
    return json({ [kind]: page.map(({ serve }) => serve()), ...next });
  }

  app.get("/markets", (c) => list(c.req.url, "markets", "offset"));
  app.get("/markets/keyset", (c) => list(c.req.url, "markets", "keyset"));
  app.get("/events", (c) => list(c.req.url, "events", "offset"));
  app.get("/events/keyset", (c) => list(c.req.url, "events", "keyset"));

  function market(test: (object: JsonObject) => boolean, includeTag: string | undefined): Response {
    const found = recordings.markets.find((one) => test(snapshots.peek(one)));
    return found ? json(snapshots.serve(found, includeTag === "true")) : refusal(NOT_FOUND);
  }
  app.get("/markets/slug/:slug", (c) =>
    market((object) => object["slug"] === c.req.param("slug"), c.req.query("include_tag")),
  );
  app.get("/markets/:id", (c) => {
    const id = c.req.param("id");
    if (!/^[0-9]{1,12}$/.test(id)) return refusal(refused("id is invalid"));
    return market((object) => object["id"] === id, c.req.query("include_tag"));
  });

  function event(test: (object: JsonObject) => boolean): Response {
    const found = recordings.events.find(test);
    return found ? json(found) : refusal(NOT_FOUND);
  }
  app.get("/events/slug/:slug", (c) => event((object) => object["slug"] === c.req.param("slug")));
  app.get("/events/:id", (c) => event((object) => object["id"] === c.req.param("id")));
  app.get("/tags", () => json(recordings.tags));
  return app;
}

interface Entry {
  readonly id: string;
  readonly object: JsonObject;
  serve(): JsonObject;
}

const NOT_FOUND: GammaRefusal = { status: 404, type: "not found error", error: "id not found" };

/** Open ones unless closed ones are asked for; then by whatever they are named by. */
function accepts(parameters: URLSearchParams): (entry: Entry) => boolean {
  const closed = parameters.get("closed") === "true";
  const named = (parameter: string, test: (object: JsonObject, name: string) => boolean) => {
    const names = parameters.getAll(parameter);
    return (object: JsonObject) => names.length === 0 || names.some((name) => test(object, name));
  };
  const tests = [
    named("id", (object, name) => object["id"] === name),
    named("slug", (object, name) => object["slug"] === name),
    named("condition_ids", (object, name) => object["conditionId"] === name.toLowerCase()),
    named("clob_token_ids", (object, name) => String(object["clobTokenIds"]).includes(`"${name}"`)),
  ];
  return ({ object }) => (object["closed"] ?? false) === closed && tests.every((test) => test(object));
}

function keyOf({ object, id }: Pick<Entry, "object" | "id">, order: string): number {
  if (order === "id") return Number(id) || 0;
  const value = object[order];
  const moment = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(moment) ? Number(value ?? 0) || 0 : moment;
}

function inOrder(entries: readonly Entry[], parameters: URLSearchParams): Entry[] {
  const order = parameters.get("order") || "id";
  const ascending = parameters.get("ascending") !== "false" ? 1 : -1;
  return entries.toSorted((a, b) => ascending * compare(keyOf(a, order), a.id, keyOf(b, order), b.id));
}

function compare(keyA: number, idA: string, keyB: number, idB: string): number {
  return keyA - keyB || (idA < idB ? -1 : idA > idB ? 1 : 0);
}

function cursorOf(entry: Entry, parameters: URLSearchParams): string {
  const order = parameters.get("order") || "id";
  return Buffer.from(`${keyOf(entry, order)} ${entry.id}`).toString("base64url");
}

/** A key, not a place: markets that moved since the last page don't shift the others. */
function placeAfter(ordered: readonly Entry[], cursor: string, parameters: URLSearchParams): number {
  const [key = "", id = ""] = Buffer.from(cursor, "base64url").toString().split(" ");
  const order = parameters.get("order") || "id";
  const sign = parameters.get("ascending") !== "false" ? 1 : -1;
  const place = ordered.findIndex(
    (entry) => sign * compare(keyOf(entry, order), entry.id, Number(key), id) > 0,
  );
  return place < 0 ? ordered.length : place;
}

function refusal({ status, type, error }: GammaRefusal): Response {
  return json({ type, error }, status);
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

import type { Catalogue } from "../world/catalogue.ts";
import { TAGS } from "../world/market-story.ts";
import { isSortable, type SortField } from "./list-order.ts";
import { tagIdOf } from "./tag-objects.ts";

/** Asked for more, Gamma gives this many without a word. */
export const PAGE_MAX = 100;
const PAGE_DEFAULT = 20;
const CONDITION_IDS_MAX = 100;

/** Filters that exist upstream and are not simulated: answered 501 rather than ignored. */
const UNSUPPORTED = [
  "question_ids",
  "market_maker_address",
  "liquidity_num_min",
  "liquidity_num_max",
  "volume_num_min",
  "volume_num_max",
  "related_tags",
  "tag_match",
  "uma_resolution_status",
  "game_id",
  "sports_market_types",
  "rewards_min_size",
  "decimalized",
];

/** A refusal in Gamma's words. */
export interface GammaRefusal {
  readonly status: 404 | 422 | 501;
  readonly type: string;
  readonly error: string;
}

/** What a listing asks for. */
export interface ListQuery {
  readonly limit: number;
  readonly offset: number;
  readonly order: SortField;
  readonly ascending: boolean;
  readonly closed: boolean | null;
  readonly includeTag: boolean;
  readonly afterCursor: string | null;
  /** Numbers of the markets named by id, slug, condition or token; null when none was named. */
  readonly named: ReadonlySet<number> | null;
  readonly accepts: (market: number) => boolean;
}

/** Reads the parameters of a listing; a refusal where Gamma answers 422. */
export function readListQuery(
  parameters: URLSearchParams,
  catalogue: Catalogue,
  nowMs: number,
): ListQuery | GammaRefusal {
  const unsupported = UNSUPPORTED.find((name) => parameters.has(name));
  if (unsupported) return { status: 501, type: "not simulated", error: `${unsupported} is not simulated` };
  if (parameters.getAll("condition_ids").length > CONDITION_IDS_MAX)
    return refused("condition_ids must have at most 100 items");
  const order = parameters.get("order") || "id";
  if (!isSortable(order)) return refused("order fields are not valid");
  const limit = wholeNumber(parameters.get("limit"), PAGE_DEFAULT);
  const offset = wholeNumber(parameters.get("offset"), 0);
  if (limit === null) return refused("limit is invalid");
  if (offset === null) return refused("offset is invalid");
  const closed = readFlag(parameters.get("closed"));
  if (closed === "odd") return refused("closed is invalid");
  return {
    limit: Math.min(PAGE_MAX, limit),
    offset,
    order,
    ascending: parameters.get("ascending") !== "false",
    // Left out, only open markets come back (since 2026-04-09).
    closed: closed ?? false,
    includeTag: parameters.get("include_tag") === "true",
    afterCursor: parameters.get("after_cursor") || null,
    named: namedMarkets(parameters, catalogue, nowMs),
    accepts: acceptance(parameters, catalogue),
  };
}

export function refused(error: string): GammaRefusal {
  return { status: 422, type: "validation error", error };
}

export function isRefusal(outcome: object): outcome is GammaRefusal {
  return "status" in outcome && "error" in outcome;
}

function wholeNumber(text: string | null, otherwise: number): number | null {
  if (text === null || text === "") return otherwise;
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : null;
}

function readFlag(text: string | null): boolean | null | "odd" {
  if (text === null || text === "") return null;
  if (text === "true" || text === "false") return text === "true";
  return "odd";
}

/** Each kind of name narrows further; the names of one kind widen. */
function namedMarkets(
  parameters: URLSearchParams,
  catalogue: Catalogue,
  nowMs: number,
): ReadonlySet<number> | null {
  const finders: Readonly<Record<string, (name: string) => number | null>> = {
    id: (name) => catalogue.findByGammaId(name, nowMs),
    slug: (name) => catalogue.findBySlug(name, nowMs),
    condition_ids: (name) => catalogue.findByConditionId(name, nowMs),
    clob_token_ids: (name) => catalogue.findByTokenId(name, nowMs)?.market ?? null,
  };
  const [first, ...others] = Object.entries(finders)
    .filter(([parameter]) => parameters.has(parameter))
    .map(([parameter, find]) => parameters.getAll(parameter).map(find));
  if (!first) return null;
  const inAll = first.filter((market) => market !== null && others.every((found) => found.includes(market)));
  return new Set(inAll.filter((market) => market !== null));
}

function acceptance(parameters: URLSearchParams, catalogue: Catalogue): (market: number) => boolean {
  const tests: ((market: number) => boolean)[] = [];
  // Nothing in this world is inactive or archived.
  if (parameters.get("active") === "false" || parameters.get("archived") === "true") tests.push(() => false);
  const tagId = parameters.get("tag_id");
  if (tagId) {
    const tag = TAGS.find((name) => tagIdOf(name) === tagId);
    tests.push((market) => tag !== undefined && catalogue.market(market).event.tags.includes(tag));
  }
  for (const [parameter, field, sign] of [
    ["start_date_min", "createdAtMs", 1],
    ["start_date_max", "createdAtMs", -1],
    ["end_date_min", "endDateMs", 1],
    ["end_date_max", "endDateMs", -1],
  ] as const) {
    const bound = Date.parse(parameters.get(parameter) ?? "");
    if (!Number.isNaN(bound)) tests.push((market) => sign * (catalogue.lifetime(market)[field] - bound) >= 0);
  }
  return (market) => tests.every((test) => test(market));
}

import { PolytapeError } from "@polytape/market-model";
import { TEMPLATES } from "@polytape/opensearch";
import { type JsonObject, mergePatch } from "./merge-patch.ts";

/** What could be done otherwise than a template says, as a merge patch of its settings and mappings. */
export interface Alternative {
  readonly name: string;
  readonly patch: JsonObject;
  /** Under which name below their own texts are asked for; absent: under their own. */
  readonly textsUnder?: "keyword";
  /** Not every server knows it: it is left out, with a word, where it is refused. */
  readonly isOptional?: true;
}

export type TemplateName = "trades_v1" | "candles_v1" | "orderbook_snapshots_v1";

export const SHIPPED: Alternative = { name: "as shipped", patch: {} };

/** What differs here is noise. Filled first, so that what the first filling warms up is held against no other. */
const SAME_AGAIN: Alternative = { name: "the same again", patch: {} };

const settings = (index: JsonObject): JsonObject => ({ settings: { index } });
const fields = (properties: JsonObject): JsonObject => ({ mappings: { properties } });
const each = (names: readonly string[], field: JsonObject): JsonObject =>
  fields(Object.fromEntries(names.map((name) => [name, field])));

const NOT_SORTED: Alternative = {
  name: "not sorted",
  patch: settings({ "sort.field": null, "sort.order": null }),
};
const DEFAULT_CODEC: Alternative = { name: "codec default", patch: settings({ codec: "default" }) };
const BEST_COMPRESSION: Alternative = {
  name: "codec best_compression",
  patch: settings({ codec: "best_compression" }),
};
const ZSTD: Alternative = {
  name: "codec zstd_no_dict",
  patch: settings({ codec: "zstd_no_dict" }),
  isOptional: true,
};
const STORED_SOURCE: Alternative = {
  name: "source stored",
  patch: settings({ "derived_source.enabled": null }),
};

/** As a default mapping takes a text: once to be searched, once as it is. */
const TEXT_AND_KEYWORD = {
  type: "text",
  index: null,
  fields: { keyword: { type: "keyword", ignore_above: 256 } },
};
const TRADE_TEXTS = ["market_id", "asset_id", "wallet", "transaction_hash", "side", "row_set", "settlement"];
/** Exact to six digits: of prices that are averages, fewer than there are. */
const SCALED_FLOAT = { type: "scaled_float", scaling_factor: 1_000_000 };
const LEVEL = { price: { type: "keyword" }, size: { type: "keyword" } };

/** One thing at a time; only `no template` changes everything, to show what the templates bring together. */
export const ALTERNATIVES: Readonly<Record<TemplateName, readonly Alternative[]>> = {
  trades_v1: [
    SAME_AGAIN,
    NOT_SORTED,
    BEST_COMPRESSION,
    ZSTD,
    STORED_SOURCE,
    { name: "price and size as scaled_float", patch: each(["price", "size"], SCALED_FLOAT) },
    {
      name: "texts as text and keyword",
      // What the index is sorted by must have a column.
      patch: mergePatch(
        each(TRADE_TEXTS, TEXT_AND_KEYWORD),
        settings({ "sort.field": ["market_id.keyword", "ts"] }),
      ),
      textsUnder: "keyword",
    },
    { name: "no template", patch: { settings: null, mappings: null }, textsUnder: "keyword" },
  ],
  candles_v1: [SAME_AGAIN, NOT_SORTED, DEFAULT_CODEC, ZSTD, STORED_SOURCE],
  orderbook_snapshots_v1: [
    SAME_AGAIN,
    NOT_SORTED,
    DEFAULT_CODEC,
    ZSTD,
    {
      name: "levels nested",
      patch: fields({ levels: { type: "nested", enabled: null, properties: LEVEL } }),
    },
    { name: "levels flat_object", patch: fields({ levels: { type: "flat_object", enabled: null } }) },
  ],
};

const ONE_COPY = settings({ number_of_shards: 1, number_of_replicas: 0 });

/** What an index of the template is made with when the alternative is taken. */
export function indexWith(name: TemplateName, { patch }: Alternative): JsonObject {
  const shipped = TEMPLATES[name];
  if (!shipped) throw new PolytapeError("bug", "unknown_template", `There is no template ${name}.`);
  const { settings, mappings } = shipped.template;
  return mergePatch(mergePatch({ settings, mappings }, patch), ONE_COPY);
}

/** A search as the alternative must be asked: `market_id.keyword` instead of `market_id`. */
export function searchOf({ textsUnder }: Alternative, body: JsonObject): string {
  const text = JSON.stringify(body);
  if (textsUnder === undefined) return text;
  // Names of fields stand in quotes, as keys and as values; nothing that is searched for is called like one.
  return TRADE_TEXTS.reduce((all, name) => all.replaceAll(`"${name}"`, `"${name}.${textsUnder}"`), text);
}

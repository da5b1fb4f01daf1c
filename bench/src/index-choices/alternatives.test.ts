import { expect, test } from "vitest";
import { ALTERNATIVES, indexWith, SHIPPED, searchOf, type TemplateName } from "./alternatives.ts";

const texts = ["asset_id", "market_id", "row_set", "settlement", "side", "transaction_hash", "wallet"];

/** Beside the template: what each alternative changes of it, and nothing else. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  "not sorted": ["settings.index.sort.field", "settings.index.sort.order"],
  "codec default": ["settings.index.codec"],
  "codec best_compression": ["settings.index.codec"],
  "codec zstd_no_dict": ["settings.index.codec"],
  "source stored": ["settings.index.derived_source.enabled"],
  "price and size as scaled_float": ["mappings.properties.price", "mappings.properties.size"],
  "texts as text and keyword": [
    ...texts.map((name) => `mappings.properties.${name}`),
    "settings.index.sort.field",
  ],
  "levels nested": ["mappings.properties.levels"],
  "levels flat_object": ["mappings.properties.levels"],
  "the same again": [],
};

const single = (Object.keys(ALTERNATIVES) as TemplateName[]).flatMap((template) =>
  ALTERNATIVES[template]
    .filter(({ name }) => name !== "no template")
    .map((alternative) => ({ template, name: alternative.name, alternative })),
);

test.each(single)("$template, $name: differs from the template in nothing else", ({ template, ...each }) => {
  const shipped = leaves(indexWith(template, SHIPPED));
  const changed = leaves(indexWith(template, each.alternative));

  const differing = [...new Set([...shipped.keys(), ...changed.keys()])].filter(
    (path) => shipped.get(path) !== changed.get(path),
  );

  expect(differing.sort()).toEqual(CHANGES[each.name]);
});

test("without a template nothing is left but that there is one copy", () => {
  const [none] = ALTERNATIVES.trades_v1.filter(({ name }) => name === "no template");

  expect(none && indexWith("trades_v1", none)).toEqual({
    settings: { index: { number_of_shards: 1, number_of_replicas: 0 } },
  });
});

test("as shipped, an index is what the template says", () => {
  expect(indexWith("trades_v1", SHIPPED)).toMatchObject({
    settings: { index: { "sort.field": ["market_id", "ts"], codec: "default" } },
    mappings: { dynamic: "strict" },
  });
});

test("asks for texts where the alternative keeps them whole, and for numbers where they always are", () => {
  const body = { query: { term: { market_id: "0xab" } }, docvalue_fields: ["market_id", "price"] };

  expect(searchOf(SHIPPED, body)).toBe(JSON.stringify(body));
  expect(JSON.parse(searchOf({ ...SHIPPED, textsUnder: "keyword" }, body))).toEqual({
    query: { term: { "market_id.keyword": "0xab" } },
    docvalue_fields: ["market_id.keyword", "price"],
  });
});

/** Settings one by one and fields of a mapping as wholes, by their paths, as texts that can be compared. */
function leaves(part: object, path: readonly string[] = []): Map<string, string> {
  return new Map(
    Object.entries(part).flatMap(([key, value]): [string, string][] => {
      const here = [...path, key];
      const isWhole = typeof value !== "object" || Array.isArray(value) || path.at(-1) === "properties";
      return isWhole ? [[here.join("."), JSON.stringify(value)]] : [...leaves(value, here)];
    }),
  );
}

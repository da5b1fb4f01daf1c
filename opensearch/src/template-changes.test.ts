import { expect, test } from "vitest";
import { templateChanges } from "./template-changes.ts";

const sent = {
  index_patterns: ["books-*"],
  priority: 100,
  template: {
    settings: {
      index: {
        "translog.durability": "request",
        "sort.field": ["asset_id", "ts"],
        "sort.order": ["asc", "desc"],
        number_of_replicas: 0,
      },
    },
    mappings: {
      dynamic: "strict",
      properties: { title: { type: "keyword" }, outcomes: { properties: { name: { type: "keyword" } } } },
    },
  },
  _meta: { description: "Books", hash: "a" },
};

/** In the shape that a server gives it back in. */
const there = {
  ...sent,
  template: {
    ...sent.template,
    settings: {
      index: {
        translog: { durability: "request" },
        sort: { field: ["asset_id", "ts"], order: ["asc", "desc"] },
        number_of_replicas: "0",
      },
    },
  },
  composed_of: [],
  _meta: { description: "An older text", hash: "b" },
};

test("a template that came back in another shape is none that differs", () => {
  expect(templateChanges(there, sent)).toEqual([]);
});

test("names each setting and field that differs, and how", () => {
  const { settings, mappings } = sent.template;
  const changed = {
    ...sent,
    index_patterns: ["books-*", "shelves-*"],
    template: {
      settings: { index: { ...settings.index, "sort.order": ["asc", "asc"], codec: "best_compression" } },
      mappings: {
        ...mappings,
        properties: {
          title: { type: "keyword", ignore_above: 8191 },
          outcomes: {
            properties: { name: { type: "text" }, since: { type: "date", format: "epoch_millis" } },
          },
        },
      },
    },
  };

  expect(templateChanges(there, changed)).toEqual([
    "codec added",
    "index_patterns books-* → books-*,shelves-*",
    "outcomes.name.type keyword → text",
    "outcomes.since added",
    "sort.order asc,desc → asc,asc",
    "title.ignore_above added",
  ]);
  expect(templateChanges(changed, sent)).toContain("title.ignore_above removed");
});

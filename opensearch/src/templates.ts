import candles from "../templates/candles_v1.json" with { type: "json" };
import checkpoints from "../templates/checkpoints_v1.json" with { type: "json" };
import coverage from "../templates/coverage_v1.json" with { type: "json" };
import marketChanges from "../templates/market_changes_v1.json" with { type: "json" };
import markets from "../templates/markets_v1.json" with { type: "json" };
import books from "../templates/orderbook_snapshots_v1.json" with { type: "json" };
import rejections from "../templates/rejections_v1.json" with { type: "json" };
import trades from "../templates/trades_v1.json" with { type: "json" };

/** A composable index template as its file states it: names without prefix, no numbers of shards. */
export interface IndexTemplate {
  readonly index_patterns: readonly string[];
  readonly priority: number;
  readonly template: {
    readonly settings: { readonly index: Readonly<Record<string, unknown>> };
    readonly mappings: Readonly<Record<string, unknown>>;
    readonly aliases?: Readonly<Record<string, object>>;
  };
  readonly _meta: { readonly description: string };
}

/** All templates by name. */
export const TEMPLATES: Readonly<Record<string, IndexTemplate>> = {
  markets_v1: markets,
  market_changes_v1: marketChanges,
  trades_v1: trades,
  orderbook_snapshots_v1: books,
  candles_v1: candles,
  coverage_v1: coverage,
  checkpoints_v1: checkpoints,
  rejections_v1: rejections,
};

/** Indices that exist from the start; those of days and months spring up from their templates. */
export const INDICES: readonly { readonly name: string; readonly writeAlias?: string }[] = [
  { name: "checkpoints_v1" },
  { name: "markets_v1" },
  { name: "market_changes_v1" },
  { name: "coverage_v1" },
  { name: "rejections_v1" },
  { name: "orderbook_snapshots_v1-000001", writeAlias: "orderbook_snapshots_v1" },
];

export interface TemplatePlace {
  readonly prefix: string;
  readonly shards: number;
  readonly replicas: number;
  /** More settings of its indices: what only some servers know. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The template as it goes to the server. */
export function placeTemplate(
  template: IndexTemplate,
  { prefix, shards, replicas, settings: more = {} }: TemplatePlace,
): IndexTemplate {
  const { settings, aliases = {} } = template.template;
  const placed = Object.entries(aliases).map(([name, alias]) => [`${prefix}${name}`, alias]);
  return {
    ...template,
    index_patterns: template.index_patterns.map((pattern) => `${prefix}${pattern}`),
    template: {
      ...template.template,
      settings: {
        index: { ...settings.index, ...more, number_of_shards: shards, number_of_replicas: replicas },
      },
      ...(placed.length > 0 && { aliases: Object.fromEntries(placed) }),
    },
  };
}

type Tree = Readonly<Record<string, unknown>>;

/**
 * In what a template on the server differs from the one to come, a few words each: `number_of_replicas 0 → 1`,
 * `title.ignore_above added`. The server gives it back with settings nested and every value of theirs as a text.
 */
export function templateChanges(there: Tree, placed: Tree): string[] {
  return differences(partsOf(there), partsOf(placed), []).sort();
}

/** What indices are made by; `_meta` and what the server adds are not. */
function partsOf({ index_patterns, priority, template }: Tree): Tree {
  const { settings, mappings, aliases } = isTree(template) ? template : {};
  return {
    index_patterns,
    priority,
    settings: isTree(settings) ? nested(settings) : {},
    mappings,
    aliases: aliases ?? {},
  };
}

function differences(there: unknown, placed: unknown, path: readonly string[]): string[] {
  if (isTree(there) && isTree(placed)) {
    const names = new Set([...Object.keys(there), ...Object.keys(placed)]);
    return [...names].flatMap((name) => differences(there[name], placed[name], [...path, name]));
  }
  if (textOf(there) === textOf(placed)) return [];
  const name = path
    .join(".")
    .replace(/^(settings\.index|mappings)\./, "")
    .replaceAll("properties.", "");
  if (there === undefined) return [`${name} added`];
  if (placed === undefined) return [`${name} removed`];
  return [`${name} ${textOf(there)} → ${textOf(placed)}`];
}

/** `{ "translog.durability": … }` as `{ translog: { durability: … } }`. */
function nested(settings: Tree): Tree {
  const tree: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(settings)) {
    const [first = key, ...rest] = key.split(".");
    const below = rest.length > 0 ? { [rest.join(".")]: value } : value;
    const sibling = tree[first];
    tree[first] = isTree(below) ? nested({ ...(isTree(sibling) ? sibling : {}), ...below }) : below;
  }
  return tree;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.map(textOf).join(",") : String(value);
}

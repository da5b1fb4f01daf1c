/**
 * The topics that a market's category is taken from, in order of precedence; they are slugs of Polymarket's
 * own tags. A narrow topic stands before the wide one that usually accompanies it (`esports` before
 * `sports`, `economy` and `elections` before `politics`), so that it is not swallowed.
 */
export const CATEGORY_TOPICS = [
  "esports",
  "sports",
  "weather",
  "crypto",
  "economy",
  "finance",
  "business",
  "elections",
  "geopolitics",
  "politics",
  "ai",
  "tech",
  "science",
  "pop-culture",
  "culture",
  "mentions",
  "world",
] as const;

/** The first topic that is among the tags; null when none is, or when no tags are known. */
export function categoryOf(tags: readonly string[] | null): string | null {
  return CATEGORY_TOPICS.find((topic) => tags?.includes(topic)) ?? null;
}

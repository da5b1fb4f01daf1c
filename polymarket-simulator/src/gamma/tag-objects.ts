import { TAGS } from "../world/market-story.ts";
import type { GammaObject } from "./market-object.ts";

/** Tags as Gamma writes them; their ids are strings. */
export function tagObjects(names: readonly string[]): GammaObject[] {
  return names.map((slug) => ({
    id: tagIdOf(slug),
    label: slug.slice(0, 1).toUpperCase() + slug.slice(1),
    slug,
    forceShow: false,
    publishedAt: "2023-11-02 21:17:34.81+00",
    createdAt: "2023-11-02T21:17:34.814Z",
    updatedAt: "2026-03-09T22:21:41.828275Z",
    requiresTranslation: false,
  }));
}

export function tagIdOf(slug: string): string {
  return String(100_000 + TAGS.indexOf(slug) * 13);
}

/**
 * Names the route that answers a request by its pattern (`/v1/markets/{id}`), one of a few, for counting. Whatever is
 * no route of ours is `other`: paths are anybody's text.
 */
export function patternOf(patterns: readonly string[]): (request: Pick<Request, "url">) => string {
  const plain = new Set(patterns.filter((pattern) => !pattern.includes("{")));
  const others = patterns
    .filter((pattern) => pattern.includes("{"))
    .map((pattern) => ({ pattern, form: new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`) }));
  return ({ url }) => {
    const { pathname } = new URL(url);
    if (plain.has(pathname)) return pathname;
    return others.find(({ form }) => form.test(pathname))?.pattern ?? "other";
  };
}

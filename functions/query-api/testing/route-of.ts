import { routes } from "../app.ts";
import type { Route } from "../http/route.ts";

const patterns = routes.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
}));

/** The endpoint of an address, also of one that writes plain letters as escapes. */
export function routeOf(pathname: string): Route | undefined {
  const plain = pathname.replaceAll(/%[2-7][0-9a-f]/gi, (written) =>
    /%(23|25|2f|3f)/i.test(written) ? written : decodeURIComponent(written),
  );
  return patterns.find(({ pattern }) => pattern.test(plain))?.route;
}

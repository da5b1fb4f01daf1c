import { cors } from "hono/cors";

/**
 * Lets pages of any origin ask, since nothing here acts on a cookie: the key is in a header of the page's own.
 * A browser shows a page only the headers that are named.
 */
export const crossOrigin = cors({
  origin: "*",
  allowMethods: ["GET", "HEAD"],
  allowHeaders: ["X-API-Key", "X-Request-Id", "If-None-Match"],
  exposeHeaders: [
    ...["ETag", "Link", "Retry-After", "X-Request-Id"],
    ...["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"],
    ...["X-Answer", "X-Coverage-Complete", "X-Truncated-By"],
  ],
  maxAge: 86_400,
});

import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/**
 * Lets pages of any origin ask, since nothing here acts on a cookie: the key is in a header of the page's own.
 * A browser shows a page only the headers that are named.
 */
const openToAll = cors({
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

/** Asked when the answer is there: hono copies an answer, text and all, that comes after the headers of another. */
export const crossOrigin: MiddlewareHandler = async (context, next) => {
  if (context.req.method === "OPTIONS") return openToAll(context, next);
  await next();
  return openToAll(context, async () => {});
};

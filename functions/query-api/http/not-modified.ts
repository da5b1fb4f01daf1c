import type { MiddlewareHandler } from "hono";

/** 304 instead of an answer whose ETag the caller has already (RFC 9110, 13.1.2: compared weakly). */
export const notModified: MiddlewareHandler = async (context, next) => {
  await next();
  const { res } = context;
  const tag = res.headers.get("etag");
  if (res.status !== 200 || tag === null || !names(context.req.header("if-none-match") ?? "", tag)) return;
  const headers = new Headers(res.headers);
  headers.delete("content-type");
  context.res = undefined;
  context.res = new Response(null, { status: 304, headers });
};

function names(ifNoneMatch: string, tag: string): boolean {
  const bare = (each: string) => each.trim().replace(/^W\//, "");
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((each) => bare(each) === bare(tag));
}

import type { Rejection } from "../../testing/rejection.ts";

export const rejections: readonly Rejection[] = (
  [
    ["status=paused", "invalid_parameter", "status must be open, closed or resolved"],
    ["category=Big%20News", "invalid_parameter", "category must be a category"],
    ["q=", "invalid_parameter", "q must be 1 to 200 characters"],
    ["q=%20%20", "invalid_parameter", "q must be"],
    ["q=*", "invalid_parameter", "a letter or digit"],
    ["q=%22", "invalid_parameter", "a letter or digit"],
    ["q=-%20%7C%20%28%29", "invalid_parameter", "a letter or digit"],
    [`q=${"x".repeat(201)}`, "invalid_parameter", "q must be"],
    ["from=5&to=5", "invalid_parameter", "from must lie before to"],
    ["limit=1001", "invalid_parameter", "limit must be"],
    ["page=101", "page_too_deep", "cursor"],
    ["cursor=abc", "invalid_cursor", "altered"],
    ["limit=1&limit=1", "invalid_parameter", "limit is given twice"],
    ["limit[]=1", "invalid_parameter", 'no parameter "limit[]"'],
    ["__proto__=1", "invalid_parameter", 'no parameter "__proto__"'],
    ["=1", "invalid_parameter", 'no parameter ""'],
    ["sort=volume", "invalid_parameter", 'no parameter "sort"'],
  ] as const
).map(([query, code, why]) => ({ path: `/v1/markets?${query}`, status: 400, code, why }));

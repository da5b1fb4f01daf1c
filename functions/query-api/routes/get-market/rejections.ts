import type { Rejection } from "../../testing/rejection.ts";

export const rejections: readonly Rejection[] = (
  [
    ["nothing-like-it", 404, "market_not_found"],
    [`0x${"f".repeat(64)}`, 404, "market_not_found"],
    ["a%20b", 400, "invalid_parameter"],
    ["%ff", 400, "invalid_parameter"],
    ["x".repeat(257), 400, "invalid_parameter"],
    ["x?limit=1", 400, "invalid_parameter"],
  ] as const
).map(([question, status, code]) => ({ path: `/v1/markets/${question}`, status, code }));

import type { Rejection } from "../../testing/rejection.ts";

export const rejections: readonly Rejection[] = (
  [
    ["stream=candles", 400, "invalid_parameter"],
    ["from=9&to=8", 400, "invalid_parameter"],
    ["market_id=nothing", 404, "market_not_found"],
    ["limit=5", 400, "invalid_parameter"],
  ] as const
).map(([question, status, code]) => ({ path: `/v1/coverage?${question}`, status, code }));

import type { Rejection } from "../../testing/rejection.ts";

export const rejections: readonly Rejection[] = (
  [
    ["stream=candles", 400, "invalid_parameter"],
    ["from=9&to=8", 400, "invalid_parameter"],
    ["market_id=nothing", 404, "market_not_found"],
    ["limit=5", 400, "invalid_parameter"],
    ["from=0", 400, "range_too_wide", "400 UTC days at most"],
    ["from=2025-10-18T23:59:59Z&to=2026-11-22T00:00:01Z", 400, "range_too_wide", "this one 401"],
  ] as const
).map(([question, status, code, why = ""]) => ({ path: `/v1/coverage?${question}`, status, code, why }));

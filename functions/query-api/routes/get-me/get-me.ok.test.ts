import { DAY_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { anApi } from "../../testing/an-api.ts";

test("tells plan, end, limits and usage, this request included", async () => {
  const api = await anApi({ order: { plan: "weekly", label: "ada", rateRps: 2.5, dailyCap: 50 } });
  await api.ask("/v1/me");
  api.clock.nowMs += DAY_MS;

  const { status, body } = await api.ask("/v1/me");

  expect(status).toBe(200);
  expect(body).toEqual({
    key_id: api.record.id,
    label: "ada",
    plan: "weekly",
    state: "active",
    created_at: "2026-11-22T12:00:00.000Z",
    expires_at: "2026-11-29T12:00:00.000Z",
    limits: { rate_rps: 2.5, burst: 3, daily_cap: 50 },
    usage: {
      today: 1,
      resets_at: "2026-11-24T00:00:00.000Z",
      by_day: [
        { day: "2026-11-23", requests: 1 },
        { day: "2026-11-22", requests: 1 },
      ],
    },
  });
});

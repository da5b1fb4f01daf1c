import { keyStateAt, PLANS, secondsToMidnight, USAGE_DAYS_MAX, utcDay } from "@polytape/api-access";
import { PolytapeError, SECOND_MS, toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import { moment } from "../../http/parameters.ts";
import { defineRoute } from "../../http/route.ts";

const day = z.object({ day: z.iso.date(), requests: z.int().nonnegative() });

/** What the caller's key allows and what was used of it. */
export const getMe = defineRoute({
  name: "get-me",
  path: "/v1/me",
  summary: "Your key",
  description:
    "Plan, end, limits and usage of the key that asks. The token bucket holds `burst` requests and fills at `rate_rps`; the daily cap counts admitted requests of a UTC day, this one included.",
  access: "key",
  asks: "nothing",
  parts: z.strictObject({}),
  query: z.strictObject({}),
  answer: z.object({
    key_id: z.string(),
    label: z.string().nullable(),
    plan: z.enum(PLANS),
    state: z.enum(["active", "expired", "revoked"]),
    created_at: moment,
    expires_at: moment,
    limits: z.object({
      rate_rps: z.number().positive(),
      burst: z.int().positive(),
      daily_cap: z.int().positive(),
    }),
    usage: z.object({
      today: z.int().nonnegative(),
      resets_at: moment.meta({ description: "The next UTC midnight." }),
      by_day: z.array(day).meta({ description: `Newest first, at most ${USAGE_DAYS_MAX} days.` }),
    }),
  }),
  refusals: [],
  freshSeconds: 0,
  async handle(api, { caller, nowMs }) {
    if (caller === null)
      throw new PolytapeError("bug", "no_caller", "A route with a key was let in without one.");
    const { rateRps, burst, dailyCap } = api.gate.limitsOf(caller);
    const midnightMs = Date.parse(utcDay(nowMs + secondsToMidnight(nowMs) * SECOND_MS));
    return {
      key_id: caller.id,
      label: caller.label ?? null,
      plan: caller.plan,
      state: keyStateAt(caller, nowMs),
      created_at: caller.created_at,
      expires_at: caller.expires_at,
      limits: { rate_rps: rateRps, burst, daily_cap: dailyCap },
      usage: {
        today: api.gate.usage.usedOn(caller.id, nowMs),
        resets_at: toRfc3339(midnightMs),
        by_day: api.gate.usage.byDay(caller.id).slice(0, USAGE_DAYS_MAX),
      },
    };
  },
});

import { type EpochMs, PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { BenchGround } from "./bench-ground.ts";

const clock = z.object({ now_ms: z.number() });

/** The moment at which the simulated world stands still now. */
export function worldNow(ground: BenchGround): Promise<EpochMs> {
  return askClock(ground, "GET");
}

/** Lets the simulated world live on for so long, at once; returns its new moment. */
export async function letWorldGoOn(ground: BenchGround, advanceMs: number): Promise<EpochMs> {
  ground.world.nowMs = await askClock(ground, "POST", JSON.stringify({ advance_ms: advanceMs }));
  return ground.world.nowMs;
}

async function askClock(
  { stack, http }: BenchGround,
  method: "GET" | "POST",
  body?: string,
): Promise<EpochMs> {
  const { status, text } = await http.send({
    url: `${stack.urls.simulator}/_clock`,
    method,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body }),
  });
  if (status !== 200) throw new PolytapeError("bug", "clock_refused", `The simulator's clock: ${text}`);
  return clock.parse(JSON.parse(text)).now_ms;
}

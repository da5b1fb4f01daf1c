import { Hono } from "hono";
import { z } from "zod";

/** A clock that stands still until it is told the time. */
export interface ManualClock {
  now(): number;
  set(nowMs: number): void;
}

export function manualClock(startMs: number): ManualClock {
  let atMs = startMs;
  return {
    now: () => atMs,
    set(nowMs) {
      atMs = nowMs;
    },
  };
}

const clockSchema = z.union([
  z.strictObject({ now_ms: z.number() }),
  z.strictObject({ advance_ms: z.number() }),
]);

/** `GET /_clock` reads the time; `POST /_clock` sets or advances it, unless the clock is the real one. */
export function clockRoutes(now: () => number, manual: ManualClock | null): Hono {
  const app = new Hono();
  app.get("/_clock", (c) => c.json({ now_ms: now(), manual: manual !== null }));
  app.post("/_clock", async (c) => {
    if (!manual) return c.json({ error: "the clock is the real one; start with --clock manual" }, 409);
    const read = clockSchema.safeParse(await c.req.json().catch(() => null));
    if (!read.success) return c.json({ error: z.prettifyError(read.error) }, 400);
    manual.set("now_ms" in read.data ? read.data.now_ms : now() + read.data.advance_ms);
    return c.json({ now_ms: now() });
  });
  return app;
}

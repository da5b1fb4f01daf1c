import { Hono } from "hono";
import { z } from "zod";
import { faultSchema, SOCKET_FAULTS } from "./fault-settings.ts";
import type { Faults } from "./faults.ts";
import type { RequestCounts } from "./request-counts.ts";

/** Switches faults and reads the request counts. */
export function faultRoutes(faults: Faults, counts: RequestCounts): Hono {
  const app = new Hono();

  app.get("/_faults", (c) => c.json(faults.list()));
  app.post("/_faults", async (c) => {
    const body: unknown = await c.req.json().catch(() => null);
    if (SOCKET_FAULTS.includes(nameOf(body)))
      return c.json({ error: "the socket is not simulated yet, so its faults are not either" }, 501);
    const read = faultSchema.safeParse(body);
    if (!read.success) return c.json({ error: z.prettifyError(read.error) }, 400);
    faults.set(read.data);
    return c.json(read.data, 201);
  });
  app.delete("/_faults/:name", (c) => {
    const name = c.req.param("name");
    return faults.clear(name) ? c.json({ cleared: name }) : c.json({ error: `${name} is not on` }, 404);
  });
  app.delete("/_faults", (c) => {
    const cleared = faults.list().map(({ name }) => name);
    for (const name of cleared) faults.clear(name);
    return c.json({ cleared });
  });

  app.get("/_requests", (c) => c.json(counts.read()));
  app.delete("/_requests", (c) => {
    counts.reset();
    return c.json({});
  });
  return app;
}

function nameOf(body: unknown): string {
  return typeof body === "object" && body !== null && "name" in body ? String(body.name) : "";
}

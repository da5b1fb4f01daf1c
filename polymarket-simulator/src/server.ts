import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { clobRoutes } from "./clob/routes.ts";
import { clockRoutes, type ManualClock } from "./clock.ts";
import { dataV1Routes } from "./data/v1-routes.ts";
import { dataV2Routes } from "./data/v2-routes.ts";
import type { Faults } from "./faults/faults.ts";
import { withFaults } from "./faults/faulty-server.ts";
import { countRequests, type RequestCounts } from "./faults/request-counts.ts";
import { faultRoutes } from "./faults/routes.ts";
import { gammaRoutes } from "./gamma/routes.ts";
import { truthRoutes } from "./truth/routes.ts";
import type { World } from "./world/world.ts";

/** The families of a world under their prefixes, and under none as far as their paths don't collide. */
export function worldApp(world: World): Hono {
  const gamma = gammaRoutes(world);
  const data = new Hono().route("/", dataV2Routes(world)).route("/", dataV1Routes(world));
  const clob = clobRoutes({ bookAt: world.books.bookAt, now: world.now });
  return new Hono()
    .route("/", truthRoutes(world))
    .route("/clob", clob)
    .route("/gamma", gamma)
    .route("/data", data)
    .route("/", gamma)
    .route("/", data)
    .route("/", clob);
}

/** Listens on loopback; port 0 takes a free one. */
export async function listen(
  answers: Hono,
  faults: Faults,
  { port, now, manual }: { port: number; now: () => number; manual: ManualClock | null },
): Promise<{ server: Server; url: string }> {
  const counts: RequestCounts = countRequests();
  const app = new Hono();
  app.get("/", (c) =>
    c.json({ gamma: "/gamma", data: "/data", clob: "/clob", truth: "/_truth", now_ms: now() }),
  );
  app.route("/", faultRoutes(faults, counts)).route("/", clockRoutes(now, manual)).route("/", answers);
  app.all("*", (c) => c.json({ error: "not simulated" }, 501));

  const respond = getRequestListener(app.fetch);
  const handle = withFaults((request, response) => void respond(request, response), faults, counts, now);
  const server = createServer(handle);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return { server, url: `http://127.0.0.1:${address.port}` };
}

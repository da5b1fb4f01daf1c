import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { dataV1Routes } from "./data/v1-routes.ts";
import { dataV2Routes } from "./data/v2-routes.ts";
import { gammaRoutes } from "./gamma/routes.ts";
import { truthRoutes } from "./truth/routes.ts";
import type { World } from "./world/world.ts";

/** All families under their prefixes, and under none as far as their paths don't collide. */
export function worldApp(world: World): Hono {
  const app = new Hono();
  const gamma = gammaRoutes(world);
  const data = new Hono().route("/", dataV2Routes(world)).route("/", dataV1Routes(world));
  app.route("/", truthRoutes(world));
  app.route("/gamma", gamma).route("/data", data);
  app.route("/", gamma).route("/", data);
  app.all("*", (c) => c.json({ error: "not simulated" }, 501));
  return app;
}

/** Listens on loopback; port 0 takes a free one. */
export async function listen(app: Hono, port: number): Promise<{ server: Server; url: string }> {
  const handle = getRequestListener(app.fetch);
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo; // a listening TCP server has one
  return { server, url: `http://127.0.0.1:${address.port}` };
}

import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TemplateHandler, templateApp } from "./host/template-app.ts";

/**
 * The process of one function, as the node20 template starts it: `node function-host.cjs <folder> <bodies>`
 * requires the folder's handler and serves it on a free port of the loopback, which it tells its parent.
 * It ends when its parent does. A bundle that does not load ends it with code 1 and its reason on stderr.
 */
const DRAIN_MS = 10_000;
/** What a handler that listens for the end signal gets for its last writes, when no call keeps it anyway. */
const LAST_WRITES_MS = 500;
/** As if ended by the signal itself: whoever did not mean to stop the function starts it again. */
const EXIT_TERMINATED = 128 + 15;

const [bundleFolder = ".", bodies = "{}"] = process.argv.slice(2);
const handler = loadHandler(bundleFolder);
const lingerMs = process.listenerCount("SIGTERM") > 0 ? LAST_WRITES_MS : 0;
const server = templateApp(handler, JSON.parse(bodies)).listen(0, "127.0.0.1", () => {
  process.send?.({ kind: "listening", port: (server.address() as AddressInfo).port });
});
// The gateway keeps its connections and bounds every call; closing one under it would lose a call.
server.keepAliveTimeout = 0;
server.headersTimeout = 0;
server.requestTimeout = 0;

process.once("disconnect", () => process.exit(1));
process.once("SIGTERM", () => {
  process.send?.({ kind: "draining" });
  server.close(() => setTimeout(() => process.exit(EXIT_TERMINATED), lingerMs));
  setInterval(() => server.closeIdleConnections(), 20);
  setTimeout(() => process.exit(EXIT_TERMINATED), DRAIN_MS);
});

function loadHandler(folder: string): TemplateHandler {
  try {
    const loaded: unknown = createRequire(join(folder, "index.js"))("./handler");
    if (typeof loaded === "function") return loaded as TemplateHandler;
    throw new TypeError(`module.exports of handler.js must be a function, it is ${typeof loaded}`);
  } catch (error) {
    console.error("The function does not start:", error);
    process.exit(1);
  }
}

import { createServer } from "node:http";
import { PolytapeError } from "@polytape/market-model";

/** What the port tells. */
export interface Watched {
  metrics(): Promise<{ readonly text: string; readonly contentType: string }>;
  health(): { readonly isHealthy: boolean; readonly facts: Readonly<Record<string, unknown>> };
}

/** Whoever reads so slowly gets nothing. */
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 32;

/**
 * Serves `/metrics` and `/healthz`, without a login: the address says to whom. Throws `port_taken` (operating) when
 * the port cannot be had there.
 */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  watched: Watched,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string) =>
      response.writeHead(status, { "content-type": type }).end(request.method === "HEAD" ? "" : body);
    if (request.method !== "GET" && request.method !== "HEAD") answer(405, "text/plain", "Only GET.\n");
    else if (request.url === "/healthz") {
      const { isHealthy, facts } = watched.health();
      answer(isHealthy ? 200 : 503, "application/json", JSON.stringify(facts));
    } else if (request.url === "/metrics") {
      watched.metrics().then(
        ({ text, contentType }) => answer(200, contentType, text),
        () => answer(500, "text/plain", "The metrics cannot be told.\n"),
      );
    } else answer(404, "text/plain", "There are /metrics and /healthz.\n");
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new PolytapeError("operating", "port_taken", `Metrics cannot be served on ${host}:${port}.`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string;
}

export interface Between {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Hands everything on to a server, after `act`, which may do something of its own first: what happens between two
 * requests of ours on a busy server. A path that it returns is asked for in place of the one that was.
 */
export async function standBetween(
  server: string,
  act: (asked: Asked) => Promise<string | undefined>,
): Promise<Between> {
  const target = new URL(server);
  const proxy = createServer(async (asked, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const { method = "GET", url = "/", headers } = asked;
    const path = (await act({ method, path: url, body: body.toString("utf8") })) ?? url;
    const onward = request(target, { method, path, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    onward.end(body);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        proxy.closeAllConnections();
        proxy.close(() => resolve());
      }),
  };
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What a test lets the upstream do with one request. */
export type Reply = (request: ReceivedRequest, response: ServerResponse) => void;

export interface ReceivedRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

export interface LoopbackUpstream {
  readonly url: string;
  readonly received: readonly ReceivedRequest[];
  /** Replies to the requests to come, in order; the last one stays. */
  reply(...replies: Reply[]): void;
  close(): Promise<void>;
}

/** A real HTTP server on the loopback that answers as a test tells it to. */
export async function startLoopbackUpstream(): Promise<LoopbackUpstream> {
  const received: ReceivedRequest[] = [];
  let replies: Reply[] = [];
  const server = createServer((incoming, response) => {
    void receive(incoming).then((request) => {
      received.push(request);
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      if (reply) reply(request, response);
      else json({ error: "the test told no reply" }, 501)(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");

  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    reply: (...next) => {
      replies = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return text(JSON.stringify(body), status, { "content-type": "application/json", ...headers });
}

export function html(status: number): Reply {
  return text("<!DOCTYPE html><title>Attention Required!</title>", status, { "content-type": "text/html" });
}

export function text(body: string, status = 200, headers: Record<string, string> = {}): Reply {
  return (_request, response) => {
    response.writeHead(status, headers).end(body);
  };
}

/** Announces more bytes than it sends, then breaks the connection. */
export function brokenOff(body: string): Reply {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length + 100 });
    response.write(body, () => response.destroy());
  };
}

/** Takes the request and never answers; with a `head`, sends that and then nothing more. */
export function silent(head?: string): Reply {
  return (_request, response) => {
    if (head === undefined) return;
    response.writeHead(200, { "content-type": "application/json" });
    response.write(head);
  };
}

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return {
    method: incoming.method ?? "",
    url: new URL(incoming.url ?? "/", "http://loopback"),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

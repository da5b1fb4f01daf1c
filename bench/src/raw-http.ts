import { Agent, request } from "node:http";

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

export interface RawRequest {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
}

const ANSWERED_WITHIN_MS = 60_000;

export interface RawClient {
  send(request: RawRequest): Promise<RawAnswer>;
  close(): void;
}

/** HTTP with kept connections and nothing else: what both sides of a comparison are asked with. */
export function rawClient(): RawClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, scheduling: "lifo" });
  return {
    send: ({ url, method, headers, body }) =>
      new Promise((resolve, reject) => {
        const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
        const sent = request(
          url,
          { agent, method, headers: { ...headers, ...length }, timeout: ANSWERED_WITHIN_MS },
          (answer) => {
            const chunks: Buffer[] = [];
            answer.on("data", (chunk: Buffer) => chunks.push(chunk));
            answer.once("error", reject);
            answer.once("end", () =>
              resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
            );
          },
        );
        sent.once("timeout", () => sent.destroy(new Error(`no answer within ${ANSWERED_WITHIN_MS} ms`)));
        sent.once("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

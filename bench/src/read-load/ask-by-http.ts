import { Agent, request } from "node:http";
import type { Ask } from "./keep-asking.ts";

const ANSWERED_WITHIN_MS = 30_000;
const SOCKETS_MAX = 256;

/** Over kept connections; answers are read to their end and not kept. */
export function askByHttp(): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX, scheduling: "lifo" });
  return ({ url, method, headers, body }) =>
    new Promise((resolve) => {
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const options = { agent, method, headers: { ...headers, ...length }, timeout: ANSWERED_WITHIN_MS };
      const sent = request(url, options, (answer) => {
        answer.once("error", () => resolve(0));
        answer.once("end", () => resolve(answer.statusCode ?? 0));
        answer.resume();
      });
      sent.once("timeout", () => sent.destroy(new Error("no answer")));
      sent.once("error", () => resolve(0));
      sent.end(body);
    });
}

import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/** OpenSearch as its clients meet it while it has too much to do: reads go through, bulk writes are refused for the moment. */
export interface RefusingProxy {
  readonly url: string;
  /** `some`: every second request as a whole, and every third document of the others. */
  refuse(what: "nothing" | "some" | "everything"): void;
  /** So far. */
  readonly refused: { readonly requests: number; readonly documents: number };
  close(): Promise<void>;
}

const bulkAnswer = z.object({ items: z.array(z.unknown()).default([]) });
const ERROR = {
  type: "rejected_execution_exception",
  reason: "rejected execution of coordinating operation",
};
/** A refused document is as if it had never been sent. */
const REFUSED_ITEM = { create: { status: 429, error: ERROR } };
const REFUSED_REQUEST = { error: { root_cause: [ERROR], ...ERROR }, status: 429 };

export async function startRefusingProxy(targetUrl: string): Promise<RefusingProxy> {
  const target = new URL(targetUrl);
  const refused = { requests: 0, documents: 0 };
  let mode: Parameters<RefusingProxy["refuse"]>[0] = "nothing";
  let bulks = 0;

  async function answerBulk(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const documents = documentsOf(await readAll(asked));
    bulks += 1;
    if (mode === "everything" || bulks % 2 === 0) {
      refused.requests += 1;
      return answerJson(answer, 429, REFUSED_REQUEST);
    }
    const isTaken = (_: unknown, place: number) => place % 3 !== 0;
    const taken = documents.filter(isTaken);
    refused.documents += documents.length - taken.length;
    const items = taken.length === 0 ? [] : await sendOn(taken);
    answerJson(answer, 200, {
      items: documents.map((each, place) => (isTaken(each, place) ? items.shift() : REFUSED_ITEM)),
    });

    async function sendOn(lines: readonly string[]): Promise<unknown[]> {
      const headers = { "content-type": "application/x-ndjson" };
      const got = await fetch(new URL(asked.url ?? "", target), {
        method: "POST",
        headers,
        body: lines.join(""),
      });
      return bulkAnswer.parse(await got.json()).items;
    }
  }

  const server = createServer((asked, answer) => {
    const { method, url: path = "", headers } = asked;
    if (mode !== "nothing" && path.startsWith("/_bulk")) {
      answerBulk(asked, answer).catch(() => answer.destroy());
      return;
    }
    const onward = request(target, { method, path, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse(what) {
      mode = what;
    },
    refused,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readAll(asked: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of asked) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Each with its action: two lines. */
function documentsOf(body: string): string[] {
  const lines = body.split("\n").filter((line) => line !== "");
  return lines.flatMap((line, place) => (place % 2 === 0 ? `${line}\n${lines[place + 1]}\n` : []));
}

function answerJson(answer: ServerResponse, status: number, body: unknown): void {
  answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

import { PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "./bench-ground.ts";

/** A document ready to be sent. */
export interface RawDocument {
  readonly id: string;
  readonly source: string;
}

/** Measured beside the project: 5,000 a request, two at once, is within a tenth of the fastest. */
export const DOCUMENTS_AT_ONCE = 5_000;
const IN_FLIGHT = 2;

/** Bodies of `_bulk` requests that create the documents, made before the clock runs. */
export function bulkBodies(index: string, documents: readonly RawDocument[]): Buffer[] {
  const bodies: Buffer[] = [];
  for (let from = 0; from < documents.length; from += DOCUMENTS_AT_ONCE) {
    const lines = documents
      .slice(from, from + DOCUMENTS_AT_ONCE)
      .map(({ id, source }) => `{"create":{"_index":"${index}","_id":"${id}"}}\n${source}\n`);
    bodies.push(Buffer.from(lines.join("")));
  }
  return bodies;
}

/** Sends the bodies as fast as OpenSearch takes them, two at once. Throws when a document was refused. */
export async function sendBodies(
  { stack, http }: Pick<BenchGround, "stack" | "http">,
  bodies: Iterable<Buffer>,
): Promise<void> {
  const waiting = bodies[Symbol.iterator]();
  const sendNext = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      const { status, text } = await http.send({
        url: `${stack.urls.openSearch}/_bulk?filter_path=errors`,
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: next.value,
      });
      if (status !== 200 || text !== '{"errors":false}')
        throw new PolytapeError(
          "operating",
          "bulk_refused",
          `OpenSearch refused documents: ${status} ${text}`,
        );
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendNext));
}

/** Documents a second, created in an index of its own that is there only meanwhile. */
export async function rateOfBulk(
  ground: Pick<BenchGround, "stack" | "http" | "server">,
  index: string,
  documents: readonly RawDocument[],
): Promise<number> {
  const bodies = bulkBodies(index, documents);
  await ground.server.request({ method: "PUT", path: `/${index}` });
  const startedMs = performance.now();
  await sendBodies(ground, bodies);
  const rate = (documents.length / (performance.now() - startedMs)) * 1_000;
  await ground.server.request({ method: "DELETE", path: `/${index}` });
  return rate;
}

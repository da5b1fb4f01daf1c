import { PolytapeError } from "@polytape/market-model";

/** A page of a thousand rows is about half a MiB; what is far beyond is not an answer to us. */
const BYTES_MAX = 32 * 1024 * 1024;

/** The body of an answer. Throws `api_answer_invalid` when it is too large, and what the stream throws. */
export async function readText(response: Response, url: string): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks, bytes).toString("utf8");
    bytes += value.byteLength;
    if (bytes > BYTES_MAX) {
      await reader.cancel();
      throw new PolytapeError("operating", "api_answer_invalid", `What ${url} answers does not end.`);
    }
    chunks.push(value);
  }
}

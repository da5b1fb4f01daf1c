/** Why a body was not read to its end. */
export type BodyFault = "too large" | "timeout" | "aborted";

export type BodyText = { readonly text: string } | { readonly fault: BodyFault };

interface BodyBounds {
  readonly bytesMax: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads a body as text within bounds of size and time. Throws what the stream throws when the connection
 * breaks before the announced end.
 */
export async function readBody(response: Response, bounds: BodyBounds): Promise<BodyText> {
  const reader = response.body?.getReader();
  if (!reader) return { text: "" };

  let fault: BodyFault | null = null;
  // Cancelling ends a read that waits for bytes that never come.
  const stop = (why: BodyFault) => {
    fault ??= why;
    reader.cancel(why).catch(() => undefined);
  };
  const onAbort = () => stop("aborted");
  const timer = setTimeout(() => stop("timeout"), Math.max(bounds.timeoutMs, 0));
  bounds.signal?.addEventListener("abort", onAbort, { once: true });
  if (bounds.signal?.aborted) onAbort();

  try {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (fault !== null) return { fault };
      if (done) return { text: Buffer.concat(chunks, bytes).toString("utf8") };
      bytes += value.byteLength;
      if (bytes > bounds.bytesMax) stop("too large");
      else chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
    bounds.signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * A `Response` that remembers its text. Any other is read back out of a stream, encoded and decoded on the way: of an
 * answer of 40 kB that takes longer than all else that is done around the application.
 */
export function textResponse(text: string, init?: ResponseInit): Response {
  return Object.assign(new Response(text, init), { text: () => Promise.resolve(text) });
}

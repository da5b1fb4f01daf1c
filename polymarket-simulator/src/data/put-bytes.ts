/**
 * Writing rows straight into bytes: a benchmark reads a hundred thousand of them a second, and as strings
 * most of that time went into collecting the pieces. Each returns where it ended.
 */

export function putBytes(out: Buffer, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}

/** Short ASCII texts only. */
export function putText(out: Buffer, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) out[at + index] = text.charCodeAt(index);
  return at + text.length;
}

const HEX = Buffer.from("0123456789abcdef");

/** An unsigned 32-bit number as eight hex digits. */
export function putWord(out: Buffer, at: number, word: number): number {
  for (let digit = 0; digit < 8; digit++) out[at + digit] = HEX[(word >>> (28 - 4 * digit)) & 15] ?? 0;
  return at + 8;
}

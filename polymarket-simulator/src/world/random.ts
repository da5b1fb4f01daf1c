/**
 * Randomness as a function: the same numbers in give the same number out, in any order and in any process.
 * Nothing here has state that outlives a call, so any part of the world can be made without the rest.
 */

/** A well mixed unsigned 32-bit number of up to four integers (MurmurHash3). */
export function mix(a: number, b = 0, c = 0, d = 0): number {
  let hash = step(step(step(step(0x9747b28c, a), b), c), d);
  hash ^= 16;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function step(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const mixed = hash ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** A number in [0, 1) of up to four integers. */
export function unit(a: number, b = 0, c = 0, d = 0): number {
  return mix(a, b, c, d) / 0x1_0000_0000;
}

/** A run of numbers in [0, 1) that depends on nothing but its start. */
export function randomRun(start: number): () => number {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** One of a list; `at` in [0, 1). */
export function pick<T>(list: readonly T[], at: number): T {
  const found = list[Math.floor(at * list.length)];
  if (found === undefined) throw new RangeError("nothing to pick from");
  return found;
}

const BYTE_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** An unsigned 32-bit number as eight hex digits. */
export function hexWord(word: number): string {
  return (
    hexByte(word >>> 24) + hexByte((word >>> 16) & 255) + hexByte((word >>> 8) & 255) + hexByte(word & 255)
  );
}

function hexByte(byte: number): string {
  return BYTE_HEX[byte] ?? "";
}

/** `words` × 8 hex digits that depend on the numbers alone. */
export function randomHex(words: number, a: number, b: number, c = 0): string {
  let text = "";
  for (let word = 0; word < words; word++) text += hexWord(mix(a, b, c, word));
  return text;
}

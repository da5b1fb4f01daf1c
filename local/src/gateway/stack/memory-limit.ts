const UNIT_BYTES: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** Reads a quantity of `limits.memory` (`192Mi`, `1G`) as bytes; null when it is not one. */
export function memoryBytes(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?)([kMG]i?|Ki)?$/.exec(text);
  const unit = UNIT_BYTES[found?.[2] ?? ""];
  return found === null || unit === undefined ? null : Math.floor(Number(found[1]) * unit);
}

/** What Node itself needs beside the heap of old objects: code, young objects, stacks, buffers. */
const BESIDE_HEAP_MIB = 64;

/**
 * The heap that a process may have under a memory limit. A container is killed when all of its memory
 * passes the limit; a process without one is ended by V8 when its heap does, so the rest is set aside.
 */
export function heapMebibytes(limitBytes: number): number {
  const limitMib = Math.floor(limitBytes / 2 ** 20);
  return Math.max(limitMib - BESIDE_HEAP_MIB, Math.floor(limitMib / 2), 16);
}

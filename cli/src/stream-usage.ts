import type { StreamState } from "@polytape/event-bus";

/** Past this share a stream that refuses what is new is soon full, and its publishers stand still. */
export const STREAM_USAGE_WARNING = 0.7;
export const STREAM_USAGE_FULL = 0.95;

export interface StreamUsage {
  readonly name: string;
  /** Of the bytes it may take. */
  readonly share: number;
}

/** Fullest first. Streams whose oldest go when they are full are meant to be full; those without a limit never are. */
export function streamUsage(streams: readonly StreamState[]): StreamUsage[] {
  return streams
    .flatMap(({ name, bytes, bytesMax, whenFull }) =>
      bytesMax === null || whenFull === "drop oldest" ? [] : [{ name, share: bytes / bytesMax }],
    )
    .sort((a, b) => b.share - a.share);
}

/** `TRADES_STORED 71 %`; cut, not rounded. */
export function usageText({ name, share }: StreamUsage): string {
  return `${name} ${Math.floor(share * 100)} %`;
}

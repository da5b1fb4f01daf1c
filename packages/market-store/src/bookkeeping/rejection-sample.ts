import { createHash } from "node:crypto";
import type { RejectedRecord } from "@polytape/market-model";

/** Bytes of a record's text that are kept. */
export const SAMPLE_BYTES_MAX = 8_192;

export interface RejectionSample {
  /** Of kind, reason and text: a record refused again for the same reason is the same sample. */
  readonly id: string;
  readonly kind: RejectedRecord["kind"];
  readonly reason: string;
  readonly rawText: string;
  readonly receivedAtMs: number;
}

export function rejectionSample(rejected: RejectedRecord): RejectionSample {
  const rawText = cutText(textOf(rejected.raw));
  const reason = cutText(rejected.reason);
  const hash = createHash("sha256").update(`${rejected.kind}\n${reason}\n${rawText}`).digest();
  const id = hash.toString("base64url", 0, 16);
  return { id, kind: rejected.kind, reason, rawText, receivedAtMs: rejected.receivedAtMs };
}

/** The record as it came; where it was cut, its text. */
export function rejectedRecordOf(sample: Omit<RejectionSample, "id">): RejectedRecord {
  const { kind, reason, receivedAtMs } = sample;
  return { kind, reason, raw: parseOrText(sample.rawText), receivedAtMs };
}

/** Whatever came must be kept as something: what JSON cannot hold (cycles, bigints) is named by its kind. */
function textOf(raw: unknown): string {
  try {
    return JSON.stringify(raw) ?? JSON.stringify(String(raw));
  } catch {
    return JSON.stringify(Object.prototype.toString.call(raw));
  }
}

/** Never ends in half a character, which the store would refuse. */
function cutText(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= SAMPLE_BYTES_MAX) return bytes.toString("utf8");
  return bytes.toString("utf8", 0, SAMPLE_BYTES_MAX).replace(/\uFFFD$/, "");
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

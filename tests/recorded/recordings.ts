import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readEnvironment } from "@polytape/function-runtime";

/**
 * Where recorded payloads of Polymarket lie: a setting, else a folder beside the repository. They are third
 * parties' recordings and no part of the project, so the folder may be absent; the tests are skipped then.
 */
export const RECORDINGS =
  readEnvironment()["POLYMARKET_RECORDINGS"] ||
  fileURLToPath(new URL("../../../shared/payloads", import.meta.url));

export const recordingsAbsent = !existsSync(RECORDINGS);
if (recordingsAbsent) console.warn(`recorded: skipped, because there is no folder ${RECORDINGS}`);

/** When the recordings are taken to be read: after the youngest of them. */
export const READ_AT_MS = Date.UTC(2026, 10, 22);

/** File names of a folder of the recordings; none when they are absent. */
export function recordedFiles(folder: string): string[] {
  return recordingsAbsent ? [] : readdirSync(`${RECORDINGS}/${folder}`).sort();
}

/** The values of a file: one for JSON, one a line for NDJSON. */
export function recordedValues(file: string): unknown[] {
  const text = readFileSync(`${RECORDINGS}/${file}`, "utf8");
  if (!/\.(ndjson|jsonl)$/.test(file)) return [JSON.parse(text)];
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): unknown => JSON.parse(line));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

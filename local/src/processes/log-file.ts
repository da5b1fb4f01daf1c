import { copyFileSync, readFileSync, statSync, truncateSync } from "node:fs";

/** A log and its predecessor stay below twice this, in bytes. */
export const LOG_BYTES_MAX = 10 * 1024 * 1024;

/**
 * Keeps a log bounded: what is too long is copied to `<file>.1` and cut to nothing. Its writers append, so they
 * go on at the new end; the few lines written between copy and cut are lost, which a log can bear.
 */
export function boundLog(file: string, bytesMax: number = LOG_BYTES_MAX): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= bytesMax) return;
  copyFileSync(file, `${file}.1`);
  truncateSync(file, 0);
}

/** The end of a log, for whoever must say why something failed. */
export function lastLines(file: string, count: number): string {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return "";
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
}

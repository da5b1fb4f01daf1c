import { DAY_MS, type EpochMs } from "@polytape/market-model";
import type { NewestSnapshot } from "@polytape/market-store";
import { durationText } from "./duration-text.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** A certificate, and when it is over. */
export interface CertificateEnd {
  readonly of: string;
  readonly endsMs: EpochMs;
}

const RENEW_BEFORE_MS = 30 * DAY_MS;

export function judgeCertificates(ends: readonly CertificateEnd[], nowMs: EpochMs): Finding {
  const [first] = [...ends].sort((a, b) => a.endsMs - b.endsMs);
  if (!first) return ok("none: OpenSearch is asked without TLS");
  const cure = "deploy/make-secrets.sh makes new ones; then restart OpenSearch, and make deploy";
  const leftMs = first.endsMs - nowMs;
  if (leftMs <= 0) return failed(`${first.of} ended ${durationText(-leftMs)} ago`, cure);
  const said = `${first.of} ends in ${durationText(leftMs)}`;
  return leftMs < RENEW_BEFORE_MS ? warning(said, cure) : ok(said);
}

const BACKUP_AGE_MAX_MS = 2 * DAY_MS;

/**
 * Backups of `polytape backup` below the data folder (null: not on this machine), and snapshots in repositories of the
 * operator's own: that command leaves none behind.
 */
export function judgeBackups(
  { takenMs, snapshots }: { readonly takenMs: readonly EpochMs[] | null; readonly snapshots: NewestSnapshot },
  nowMs: EpochMs,
): Finding {
  if (takenMs === null && snapshots.repositories === 0)
    return ok("not looked at: no data folder here (POLYTAPE_HOME), no repository in OpenSearch");
  const ends = [...(takenMs ?? []), ...(snapshots.endedAtMs === null ? [] : [snapshots.endedAtMs])];
  const cure = "polytape backup --to DIR, every day, and a copy elsewhere: docs/runbooks/restore.md";
  if (ends.length === 0) return warning("none found", cure);
  const ageMs = Math.max(0, nowMs - Math.max(...ends));
  const said = `the newest is ${durationText(ageMs)} old`;
  return ageMs > BACKUP_AGE_MAX_MS ? warning(said, cure) : ok(said);
}

const FREE_SHARE_WARNING = 0.15;
const FREE_SHARE_FAILED = 0.05;

export function judgeFolder(
  folder: string,
  { freeBytes, totalBytes }: { readonly freeBytes: number; readonly totalBytes: number },
): Finding {
  const gigabytes = (bytes: number) => (bytes / 1024 ** 3).toFixed(1);
  const said = `${folder}: ${gigabytes(freeBytes)} GiB free of ${gigabytes(totalBytes)} GiB`;
  const share = totalBytes === 0 ? 0 : freeBytes / totalBytes;
  const cure = "make room: logs, old backups, other programs; docs/runbooks/store-is-full.md";
  if (share < FREE_SHARE_FAILED) return failed(said, cure);
  return share < FREE_SHARE_WARNING ? warning(said, cure) : ok(said);
}

import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** `nobody`: there on every Linux. OpenSearch refuses to run as root. */
export const DEFAULT_SERVER_UID = 65_534;

/** Where things go that must outlast a reboot and that every user can reach. */
const FALLBACK_ROOT = "/var/lib/polytape";

/** Whom the servers run as: null (ourselves) for an ordinary user, an unprivileged user when we are root. */
export function serverUid(wanted: number = DEFAULT_SERVER_UID): number | null {
  return process.getuid?.() === 0 ? wanted : null;
}

export interface ServerPlaces {
  /** Holds the servers' configuration and data. */
  readonly servers: string;
  /** Holds what was installed. */
  readonly tools: string;
  /** What to tell the operator when a folder is not the one he named. */
  readonly note: string | null;
}

/**
 * Where the servers' files lie. An unprivileged user must be able to walk there; below a folder that is closed
 * to it (`/root` usually is) they go to a folder of this home under /var/lib instead.
 */
export function placeServers(home: string, tools: string, uid: number | null): ServerPlaces {
  if (uid === null) return { servers: home, tools, note: null };
  mkdirSync(home, { recursive: true, mode: 0o755 });
  mkdirSync(tools, { recursive: true, mode: 0o755 });
  // The home is our own folder; what is secret in it lies in a closed folder below.
  chmodSync(home, statSync(home).mode | 0o011);

  const fallback = join(FALLBACK_ROOT, createHash("sha256").update(home).digest("hex").slice(0, 12));
  const closed = [closedParent(home, uid), closedParent(tools, uid)];
  const places = {
    servers: closed[0] === null ? home : fallback,
    tools: closed[1] === null ? tools : join(FALLBACK_ROOT, "tools"),
  };
  const blocker = closed.find((folder) => folder !== null) ?? null;
  if (blocker === null) return { ...places, note: null };
  const moved = [...new Set([places.servers, places.tools])].filter(
    (path) => path !== home && path !== tools,
  );
  return {
    ...places,
    note: `user ${uid} cannot enter ${blocker}, so the servers' files are in ${moved.join(" and ")}`,
  };
}

/** The first folder on the way from the root to `path` that the user may not enter; null when the way is free. */
function closedParent(path: string, uid: number): string | null {
  const way: string[] = [];
  for (let folder = realpathSync(path); ; folder = dirname(folder)) {
    way.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return way.find((folder) => !mayEnter(lstatSync(folder), uid)) ?? null;
}

/** The user has no groups; root's own rights do not count. */
export function mayEnter(folder: { uid: number; mode: number }, uid: number): boolean {
  return (folder.mode & (folder.uid === uid ? 0o100 : 0o001)) !== 0;
}

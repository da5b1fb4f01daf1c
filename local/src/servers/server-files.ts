import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes a folder that the server's user owns and nobody else may look into. */
export function makeServerFolder(path: string, uid: number | null): void {
  mkdirSync(path, { recursive: true });
  if (uid !== null) own(path, uid);
  chmodSync(path, 0o700);
}

/** Writes a file of a server's configuration, readable for its user only. */
export function writeServerFile(path: string, text: string, uid: number | null): void {
  writeFileSync(path, text, { mode: 0o600 });
  if (uid !== null) chownSync(path, uid, uid);
}

/** Data written by another user before (a start as root, then not) would stop the server: it is taken over. */
function own(path: string, uid: number): void {
  chownSync(path, uid, uid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) own(child, uid);
    else if (entry.isFile()) chownSync(child, uid, uid);
  }
}

import { X509Certificate } from "node:crypto";
import { statfs } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import { PolytapeError } from "@polytape/market-model";
import { backupTimes } from "../backup/backup-file.ts";
import { type Finding, ok } from "./finding.ts";
import { type CertificateEnd, judgeBackups, judgeCertificates, judgeFolder } from "./judge-machine.ts";
import type { Parts } from "./parts.ts";

const ANSWER_WITHIN_MS = 5_000;

/** Of each OpenSearch that is asked over TLS, and of who signed for it. */
export async function lookAtCertificates({ surroundings, now }: Parts): Promise<Finding> {
  const { urls, certificateAuthority } = surroundings.openSearch;
  const secure = urls.map((url) => new URL(url)).filter(({ protocol }) => protocol === "https:");
  if (secure.length === 0) return judgeCertificates([], now());
  const servers = secure.map((url) => certificateOf(url, certificateAuthority));
  const ends = [...(await Promise.all(servers)), ...authoritiesOf(certificateAuthority)];
  return judgeCertificates(ends, now());
}

/** Also one that is over or that nobody trusts: that is what is to be seen. */
function certificateOf(url: URL, ca: string | undefined): Promise<CertificateEnd> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      rejectUnauthorized: false,
      ...(isIP(host) === 0 && { servername: host }),
      ...(ca !== undefined && { ca }),
    });
    const fail = (cause?: unknown) => {
      socket.destroy();
      reject(new PolytapeError("operating", "no_answer", `No TLS from ${url.host}.`, { cause }));
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => fail());
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      const { valid_to: validTo } = socket.getPeerCertificate();
      socket.destroy();
      resolve({ of: `the certificate of ${url.host}`, endsMs: Date.parse(validTo) });
    });
  });
}

function authoritiesOf(pem: string | undefined): CertificateEnd[] {
  const blocks = pem?.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => ({
    of: "OPENSEARCH_CA",
    endsMs: Date.parse(new X509Certificate(block).validTo),
  }));
}

/** Below the data folder of this machine, and in OpenSearch. */
export async function lookAtBackups({ surroundings, store, now }: Parts): Promise<Finding> {
  const home = surroundings.variables["POLYTAPE_HOME"];
  const takenMs = home === undefined ? null : backupTimes(join(home, "opensearch/snapshots"));
  return judgeBackups({ takenMs, snapshots: await (await store()).backups.newest() }, now());
}

/** OpenSearch tells of its own disk; NATS, logs and backups may lie on another one. */
export async function lookAtFolder({ surroundings }: Parts): Promise<Finding> {
  const home = surroundings.variables["POLYTAPE_HOME"];
  const disk = home === undefined ? null : await statfs(home).catch(() => null);
  if (home === undefined || disk === null) return ok("not on this machine (POLYTAPE_HOME names it)");
  const { bsize, bavail, blocks } = disk;
  return judgeFolder(home, { freeBytes: bavail * bsize, totalBytes: blocks * bsize });
}

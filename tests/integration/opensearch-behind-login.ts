import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An OpenSearch that is reached by TLS and a login only. */
export interface OpenSearchBehindLogin {
  readonly url: string;
  /** Who signed the server's certificate (PEM): itself. */
  readonly certificateAuthority: string;
  close(): Promise<void>;
}

/** The build's OpenSearch has no security plugin: this stands where it would, with TLS and one login. */
export async function openSearchBehindLogin(
  openSearchUrl: string,
  login: { user: string; password: string },
): Promise<OpenSearchBehindLogin> {
  const { key, cert } = selfSigned();
  const target = new URL(openSearchUrl);
  const agent = new Agent({ keepAlive: true });
  const expected = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
  const edge = createServer({ key, cert }, (asked, answer) => {
    if (asked.headers.authorization !== expected) return void answer.writeHead(401).end("Unauthorized");
    const { method, url: path, headers } = asked;
    const onward = request(target, { agent, method, path, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => edge.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(edge.address() as AddressInfo).port}`,
    certificateAuthority: cert,
    async close() {
      const closed = new Promise((resolve) => edge.close(resolve));
      edge.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "polytape-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "ca.pem")];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-days", "1", "-nodes", "-newkey", "rsa:2048", "-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", ...files, ...name], { stdio: "ignore" });
  const made = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  rmSync(folder, { recursive: true });
  return made;
}

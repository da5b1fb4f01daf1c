import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMarketStore } from "@polytape/market-store";
import { afterAll, beforeAll, expect, inject, test } from "vitest";

const PASSWORD = "only-in-the-header";
const folder = mkdtempSync(join(tmpdir(), "polytape-tls-"));
const file = (name: string) => join(folder, name);
let edge: Server;
let url: string;

/** The build's OpenSearch has no security plugin: this stands where it would, with TLS and a login. */
beforeAll(async () => {
  const days = ["-days", "1", "-nodes", "-newkey", "rsa:2048"];
  const files = ["-keyout", file("key.pem"), "-out", file("ca.pem")];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...days, ...files, ...name], { stdio: "ignore" });
  const target = new URL(inject("openSearchUrl"));
  const login = `Basic ${Buffer.from(`reader:${PASSWORD}`).toString("base64")}`;
  edge = createServer(
    { key: readFileSync(file("key.pem")), cert: readFileSync(file("ca.pem")) },
    (asked, answer) => {
      if (asked.headers.authorization !== login) return void answer.writeHead(401).end("{}");
      const { method, url: path, headers } = asked;
      const onward = request(target, { method, path, headers }, (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      });
      asked.pipe(onward);
    },
  );
  await new Promise<void>((resolve) => edge.listen(0, "127.0.0.1", resolve));
  url = `https://127.0.0.1:${(edge.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((resolve) => edge.close(resolve));
  rmSync(folder, { recursive: true });
});

const open = (changes: { user?: string; password?: string; certificateAuthority?: string }) =>
  openMarketStore({ urls: [url], timeoutMs: 10_000, ...changes });

test("reaches a server behind TLS and a login, by the certificate that it was given", async () => {
  const store = open({
    user: "reader",
    password: PASSWORD,
    certificateAuthority: readFileSync(file("ca.pem"), "utf8"),
  });

  expect(["green", "yellow"]).toContain((await store.health()).status);
  await store.close();
});

test("refuses a server whose certificate nobody known has signed", async () => {
  const store = open({ user: "reader", password: PASSWORD });

  await expect(store.health()).rejects.toMatchObject({ code: "store_unavailable" });
  await store.close();
});

test("says that a login was refused, and never with which password", async () => {
  const certificateAuthority = readFileSync(file("ca.pem"), "utf8");
  const store = open({ user: "reader", password: "wrong-password", certificateAuthority });

  const error = await store.health().then(
    () => null,
    (reason: unknown) => reason,
  );

  expect(error).toMatchObject({ code: "store_refused", facts: { status: 401 } });
  expect(JSON.stringify(error) + String(error)).not.toContain("wrong-password");
  await store.close();
});

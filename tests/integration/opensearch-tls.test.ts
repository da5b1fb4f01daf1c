import { openMarketStore } from "@polytape/market-store";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type OpenSearchBehindLogin, openSearchBehindLogin } from "./opensearch-behind-login.ts";

const PASSWORD = "only-in-the-header";
let server: OpenSearchBehindLogin;

beforeAll(async () => {
  server = await openSearchBehindLogin(inject("openSearchUrl"), { user: "reader", password: PASSWORD });
});

afterAll(() => server.close());

const open = (changes: { user?: string; password?: string; certificateAuthority?: string }) =>
  openMarketStore({ urls: [server.url], timeoutMs: 10_000, ...changes });

test("reaches a server behind TLS and a login, by the certificate that it was given", async () => {
  const { certificateAuthority } = server;
  const store = open({ user: "reader", password: PASSWORD, certificateAuthority });

  expect(["green", "yellow"]).toContain((await store.health()).status);
  await store.close();
});

test("refuses a server whose certificate nobody known has signed", async () => {
  const store = open({ user: "reader", password: PASSWORD });

  await expect(store.health()).rejects.toMatchObject({ code: "store_unavailable" });
  await store.close();
});

test("says that a login was refused, and never with which password", async () => {
  const { certificateAuthority } = server;
  const store = open({ user: "reader", password: "wrong-password", certificateAuthority });

  const error = await store.health().then(
    () => null,
    (reason: unknown) => reason,
  );

  expect(error).toMatchObject({
    code: "store_login_refused",
    message: "The store refused the login.",
    facts: { status: 401 },
  });
  expect(JSON.stringify(error) + String(error)).not.toContain("wrong-password");
  await store.close();
});

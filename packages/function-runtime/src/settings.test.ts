import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { flag, httpUrl, natsSettings, openSearchSettings, readSettings, wholeNumber } from "./settings.ts";

const schema = z.object({
  ...openSearchSettings,
  ...natsSettings,
  POLL_MS: wholeNumber({ min: 1000, max: 60_000 }).default(3000),
  COLLECT: flag().default(true),
  UPSTREAM_URL: httpUrl().default("https://example.org"),
});
const good = { OPENSEARCH_URL: "http://127.0.0.1:9200", NATS_URL: "nats://127.0.0.1:4222" };

test("reports all faults in one message", () => {
  const faulty = { ...good, NATS_URL: "", POLL_MS: "3s", COLLECT: "yes", UPSTREAM_URL: "ftp://x" };

  const read = () => readSettings(schema, faulty);

  expect(read).toThrow(/4 settings are wrong or missing/);
  expect(read).toThrow(/NATS_URL: is missing/);
  expect(read).toThrow(/POLL_MS: .*"3s"/);
  expect(read).toThrow(/COLLECT: must be true or false/);
  expect(read).toThrow(/UPSTREAM_URL/);
});

test("takes an empty variable for an absent one", () => {
  expect(readSettings(schema, { ...good, POLL_MS: "" }).POLL_MS).toBe(3000);
});

test("reads a password from its secret file and never shows it in a fault", () => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  writeFileSync(join(folder, "opensearch-password"), "hunter2\n");
  const strict = schema.extend({ OPENSEARCH_PASSWORD: z.string().min(20) });

  expect(readSettings(schema, { ...good, SECRETS_FOLDER: folder }).OPENSEARCH_PASSWORD).toBe("hunter2");
  expect(() => readSettings(strict, { ...good, SECRETS_FOLDER: folder })).toThrow(
    /^(?!.*hunter2).*OPENSEARCH_PASSWORD/,
  );
});

test("never shows the login of an address in a fault", () => {
  const read = () =>
    readSettings(schema, { ...good, NATS_URL: "nats:/ada:hunter2@bus:4222,nats://b:hunter2@c" });

  expect(read).toThrow(/^(?!.*hunter2).*NATS_URL: .*…@bus:4222/);
});

test("reads a password from the secret that is named instead of the usual one", () => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  writeFileSync(join(folder, "opensearch-password"), "of everybody");
  writeFileSync(join(folder, "opensearch-query-password"), "of the readers");
  const passwordBy = (chosen: string) =>
    readSettings(schema, { ...good, SECRETS_FOLDER: folder, OPENSEARCH_PASSWORD_SECRET: chosen })
      .OPENSEARCH_PASSWORD;

  expect(passwordBy("opensearch-query-password")).toBe("of the readers");
  expect(passwordBy("")).toBe("of everybody");
  expect(passwordBy("not-there")).toBeUndefined();
  expect(passwordBy("../opensearch-query-password")).toBeUndefined();
});

test("takes several servers of one cluster", () => {
  const urls = "http://a:9200, http://b:9200/";

  expect(readSettings(schema, { ...good, OPENSEARCH_URL: urls }).OPENSEARCH_URL).toEqual([
    "http://a:9200",
    "http://b:9200",
  ]);
});

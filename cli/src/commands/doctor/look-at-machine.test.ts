import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { DAY_MS } from "@polytape/market-model";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { aShell, NOW } from "../../testing.ts";
import { judgeBackups, judgeCertificates, judgeFolder } from "./judge-machine.ts";

const folder = mkdtempSync(join(tmpdir(), "doctor-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function found(surroundings: NonNullable<Parameters<typeof aShell>[0]>["surroundings"] = {}) {
  const { out } = await aShell({ surroundings }).call("doctor", "--json");
  return new Map(out.map((line) => [JSON.parse(line).check, JSON.parse(line)]));
}

describe("certificates", () => {
  test.each([
    [[], "ok", /none/],
    [[{ of: "a", endsMs: NOW + 400 * DAY_MS }], "ok", /a ends in 400 days/],
    [
      [
        { of: "a", endsMs: NOW + 400 * DAY_MS },
        { of: "b", endsMs: NOW + 20 * DAY_MS },
      ],
      "warning",
      /b ends in 20 days/,
    ],
    [[{ of: "a", endsMs: NOW - DAY_MS }], "failed", /a ended 24 h ago/],
  ])("%j", (ends, verdict, said) => {
    expect(judgeCertificates(ends, NOW)).toMatchObject({ verdict, said: expect.stringMatching(said) });
  });

  test("are read from the server and from who signed for it, also when nobody trusts them", async () => {
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const request = ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "1", "-subj", "/CN=store"];
    execFileSync("openssl", [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
    const pem = readFileSync(certificate, "utf8");
    const server = createServer({ key: readFileSync(key), cert: pem }, (socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const urls = [`https://127.0.0.1:${port}`];

    const trusted = await found({ openSearch: { urls, certificateAuthority: pem } });
    const strange = await found({ openSearch: { urls, certificateAuthority: undefined } });

    // The clock of this command is a test's; the certificate is of today.
    for (const finding of [trusted, strange])
      expect(finding.get("certificates").said).toMatch(/(OPENSEARCH_CA|127\.0\.0\.1:\d+) end/);
    expect(strange.get("certificates").said).toContain(`the certificate of 127.0.0.1:${port}`);
  });
});

describe("backups", () => {
  const none = { repositories: 0, endedAtMs: null };

  test.each([
    [{ takenMs: null, snapshots: none }, "ok", /not looked at/],
    [{ takenMs: [], snapshots: none }, "warning", /none found/],
    [{ takenMs: [NOW - 9 * DAY_MS, NOW - DAY_MS / 2], snapshots: none }, "ok", /12 h old/],
    [{ takenMs: [NOW - 9 * DAY_MS], snapshots: none }, "warning", /9 days old/],
    [
      { takenMs: [NOW - 9 * DAY_MS], snapshots: { repositories: 1, endedAtMs: NOW - DAY_MS / 2 } },
      "ok",
      /12 h old/,
    ],
  ])("%j", (backups, verdict, said) => {
    expect(judgeBackups(backups, NOW)).toMatchObject({ verdict, said: expect.stringMatching(said) });
  });

  test("are found below the data folder by the files that say that they are whole", async () => {
    const snapshots = join(folder, "opensearch/snapshots");
    mkdirSync(join(snapshots, "daily/store"), { recursive: true });
    for (const name of [
      "daily/polytape-20261119120000000.json",
      "daily/polytape-20261121120000000.json",
      "daily/polytape-20261122110000000.json.part",
    ])
      writeFileSync(join(snapshots, name), "{}");

    const finding = (await found({ variables: { POLYTAPE_HOME: folder } })).get("backups");

    expect(finding).toEqual({ check: "backups", verdict: "ok", said: "the newest is 24 h old" });
  });
});

describe("the data folder", () => {
  test.each([
    [50, "ok"],
    [14, "warning"],
    [4, "failed"],
  ])("with %i of 100 GiB free: %s", (free, verdict) => {
    const disk = { freeBytes: free * 2 ** 30, totalBytes: 100 * 2 ** 30 };

    expect(judgeFolder("/data", disk)).toMatchObject({
      verdict,
      said: `/data: ${free}.0 GiB free of 100.0 GiB`,
    });
  });

  test("is that of this machine, if it is here", async () => {
    const here = (await found({ variables: { POLYTAPE_HOME: folder } })).get("data folder");
    const elsewhere = (await found({ variables: { POLYTAPE_HOME: join(folder, "no") } })).get("data folder");

    expect(here.said).toMatch(new RegExp(`^${folder}: [\\d.]+ GiB free of [\\d.]+ GiB$`));
    expect(elsewhere).toMatchObject({ verdict: "ok", said: expect.stringContaining("not on this machine") });
  });
});

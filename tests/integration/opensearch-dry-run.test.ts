import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SCHEMA_DOCUMENT_ID } from "@polytape/market-store";
import { INDICES, type IndexTemplate, MIGRATIONS, placeTemplate } from "@polytape/opensearch";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

/** The program as it is deployed, asked about a store that the first version set up. */
const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const firstTemplates = z
  .record(
    z.string(),
    z.custom<IndexTemplate>((value) => typeof value === "object"),
  )
  .parse(
    JSON.parse(readFileSync(new URL("./opensearch-upgrade/first-templates.json", import.meta.url), "utf8")),
  );
const folder = mkdtempSync(join(tmpdir(), "polytape-apply-"));
let copy: StoreCopy;

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"), { bare: true });
  const { prefix } = copy.names;
  const put = (path: string, body: object) => copy.server.request({ method: "PUT", path, body: { ...body } });
  for (const [name, template] of Object.entries(firstTemplates))
    await put(
      `/_index_template/${prefix}${name}`,
      placeTemplate(template, { prefix, shards: 1, replicas: 0 }),
    );
  for (const { name, writeAlias } of INDICES)
    await put(`/${prefix}${name}`, { aliases: writeAlias ? { [prefix + writeAlias]: {} } : {} });
  await put(`/${copy.names.checkpoints}/_doc/${SCHEMA_DOCUMENT_ID}`, {
    name: SCHEMA_DOCUMENT_ID,
    state: { version: 1 },
    written_at: 1,
  });
  const bundle = ["--out-dir", join(folder, "dist")];
  await run(join(ROOT, "node_modules/.bin/tsup"), bundle, { cwd: join(ROOT, "opensearch") });
});

afterAll(async () => {
  await copy?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function apply(...words: string[]): Promise<string[]> {
  const env = {
    OPENSEARCH_URL: inject("openSearchUrl"),
    OPENSEARCH_INDEX_PREFIX: copy.names.prefix,
    OPENSEARCH_REPLICAS: "1",
  };
  const { stdout } = await run(process.execPath, [join(folder, "dist/apply.cjs"), ...words], { env });
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.replace(/^.* opensearch-apply /, ""));
}

/** Templates, indices with their mappings and settings, and the schema's number. */
async function everything(): Promise<unknown[]> {
  const paths = [
    `/_index_template/${copy.names.prefix}*`,
    `/${copy.names.prefix}*`,
    `/${copy.names.checkpoints}/_doc/${SCHEMA_DOCUMENT_ID}`,
  ];
  return Promise.all(paths.map(async (path) => (await copy.server.request({ method: "GET", path })).body));
}

test("says in a few words what would change, and changes nothing", async () => {
  const before = await everything();

  const said = await apply("--dry-run");

  const template = (name: string) =>
    said.find((line) => line.includes(`template=${copy.names.prefix}${name}`));
  expect(template("trades_v1")).toMatch(/^would-be-updated .* differs=".*number_of_replicas 0 → 1/);
  expect(template("markets_v1")).toContain("slug.ignore_above added");
  expect(template("coverage_v1")).toContain("intervals added");
  expect(said.filter((line) => line.startsWith("would-be-created migration="))).toHaveLength(
    MIGRATIONS.length - 1,
  );
  expect(said.at(-1)).toMatch(/^would-be-applied unchanged=\d+ created=\d+ updated=\d+ took_ms=/);
  expect(await everything()).toEqual(before);
});

test("then does what it said, and has nothing left to say", async () => {
  const [asked, done, after] = [await apply("--dry-run"), await apply(), await apply("--dry-run")];

  const without = (lines: string[]) => lines.map((line) => line.replaceAll("would-be-", "")).slice(0, -1);
  expect(without(done)).toEqual(without(asked));
  expect(after.at(-1)).toMatch(/^would-be-applied unchanged=\d+ created=0 updated=0 /);
});

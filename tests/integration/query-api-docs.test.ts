import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readEnvironment } from "@polytape/function-runtime";
import { numberEqualTrades, SECOND_MS } from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { routes } from "@polytape/query-api/app";
import { expectInOpenApi, storeWorld } from "@polytape/query-api/testing/contract";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { deployQueryApi, type QueryApiDeployment } from "./query-api-deployment.ts";

/** What `/docs` shows to copy, taken out of the page as it is served and run as it stands, against this deployment. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PATH = readEnvironment()["PATH"];
const run = promisify(execFile);

let copy: StoreCopy;
let store: MarketStore;
let deployment: QueryApiDeployment;
let key: string;
let page: string;
const folder = mkdtempSync(join(tmpdir(), "docs-"));

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings, { now: () => Date.now() - 10 * SECOND_MS });
  await storeWorld(store, Date.now());
  await store.trades.createTrades(aTradeOfNobodyKnowsWhat());
  await copy.settle();
  deployment = await deployQueryApi(copy.settings.indexPrefix ?? "");
  key = await deployment.makeKey();
  page = await (await deployment.ask("/docs")).text();
  await compileTypeScript();
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await deployment?.close();
  await store?.close();
  await copy?.remove();
});

/** The newest trade is of a market that the catalogue lacks, and of which no book is kept: that happens every day. */
function aTradeOfNobodyKnowsWhat() {
  const unknown = { marketId: `0x${"9f".repeat(32)}`, assetId: "99001" };
  const row = aTradeRow({ ...unknown, tsSeconds: Math.floor(Date.now() / SECOND_MS) - 60 });
  return numberEqualTrades().number([row], { rowSet: "taker", receivedAtMs: Date.now() - 50 * SECOND_MS });
}

/** Of the section of an endpoint what stands under a heading. */
function shown(route: string, heading: string): string {
  const section = page.split(`<section id="${route}">`)[1]?.split("</section>")[0] ?? "";
  const text =
    section.split(`<summary>${heading}</summary>`)[1]?.match(/<pre[^>]*>([^<]*)<\/pre>/)?.[1] ?? "";
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

/** By the strict compiler, which no request may fail. */
async function compileTypeScript(): Promise<void> {
  const files = routes.map(({ name }) => `${name}.mts`);
  for (const { name } of routes) writeFileSync(join(folder, `${name}.mts`), shown(name, "TypeScript"));
  const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--types", "node"];
  const typeRoots = ["--typeRoots", join(ROOT, "node_modules/@types")];
  await run(join(ROOT, "node_modules/.bin/tsc"), [...options, ...typeRoots, ...files], { cwd: folder });
}

/** As the program's first line tells a reader. */
function savedAsItSays(name: string): string[] {
  const program = shown(name, "TypeScript");
  const [, file = "", command = ""] = /^\/\/ Save it as (\S+) .*and run: (.+)$/m.exec(program) ?? [];
  writeFileSync(join(folder, file), program);
  return command.split(" ");
}

const LANGUAGES = [
  { language: "curl", needs: "curl", start: (name: string) => ["sh", "-c", shown(name, "curl")] },
  { language: "TypeScript", needs: "node", start: savedAsItSays },
  { language: "Python", needs: "python3", start: (name: string) => ["python3", "-c", shown(name, "Python")] },
];

describe.each(LANGUAGES)(
  "the request in $language (skipped where there is no $needs)",
  ({ needs, start }) => {
    const isThere = spawnSync(needs, ["--version"]).status === 0;

    test.skipIf(!isThere).each(routes.map(({ path, name }) => [path, name] as const))(
      "for %s runs as it stands, and prints what the page shows",
      async (path, name) => {
        const [program = "", ...words] = start(name);

        // A program that ends with another status than 0 throws.
        const { stdout, stderr } = await run(program, words, {
          cwd: folder,
          env: { PATH, POLYTAPE_URL: deployment.gateway.url, POLYTAPE_API_KEY: key },
        });

        const answer = JSON.parse(stdout);
        expect(stderr).toBe("");
        expectInOpenApi(path, 200, answer);
        expect(Object.keys(answer)).toEqual(Object.keys(JSON.parse(shown(name, "What it answers"))));
        expect(stdout).not.toMatch(/"(data|candles|bids)": ?\[\]/);
      },
    );
  },
);

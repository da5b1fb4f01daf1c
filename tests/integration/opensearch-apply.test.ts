import {
  connectStore,
  readSchemaVersion,
  SCHEMA_DOCUMENT_ID,
  SCHEMA_VERSION,
  writtenIndex,
} from "@polytape/market-store";
import { applyStoreSchema, MIGRATIONS } from "@polytape/opensearch";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { standBetween } from "./stand-between.ts";

describe("apply command of the store", () => {
  let copy: StoreCopy;

  beforeAll(async () => {
    copy = await makeStoreCopy(inject("openSearchUrl"), { bare: true });
  });

  afterAll(async () => {
    await copy?.remove();
  });

  it("only says what it would do when asked for no more", async () => {
    const changes = await applyStoreSchema({ ...copy.settings, dryRun: true });

    expect(new Set(changes.map(({ change }) => change))).toEqual(new Set(["created"]));
    expect(await copy.indices()).toEqual([]);
  });

  it("sets up everything once, and changes nothing the second time", async () => {
    const first = await applyStoreSchema(copy.settings);
    const indices = await copy.indices();
    const second = await applyStoreSchema(copy.settings);

    expect(new Set(first.map(({ change }) => change))).toEqual(new Set(["created"]));
    expect(second.map(({ what, change }) => `${what} ${change}`)).toEqual(
      first.map(({ what }) => `${what} unchanged`),
    );
    expect(indices).toHaveLength(6);
    expect(await copy.indices()).toEqual(indices);
  });

  // So an index that a later version adds needs no migration.
  it("makes what is missing in a store that is set up, and leaves the rest", async () => {
    const name = `${copy.names.books}-000001`;
    await copy.server.request({ method: "DELETE", path: `/${name}` });
    await copy.server.request({ method: "DELETE", path: `/_index_template/${copy.names.books}` });

    const changes = await applyStoreSchema(copy.settings);

    const made = changes.filter(({ change }) => change !== "unchanged");
    expect(made.map(({ what, name }) => [what, name])).toEqual([
      ["template", copy.names.books],
      ["index", name],
    ]);
    expect(await writtenIndex(copy.server, copy.names.books)).toBe(name);
  });

  it("lets two copies that apply at once both succeed", async () => {
    const other = await makeStoreCopy(inject("openSearchUrl"), { bare: true });

    const both = await Promise.all([applyStoreSchema(other.settings), applyStoreSchema(other.settings)]);

    expect(both.flat().length).toBe(2 * (await applyStoreSchema(other.settings)).length);
    expect(await other.indices()).toHaveLength(6);
    await other.remove();
  });

  it("updates templates when the number of replicas changes, and leaves indices as they are", async () => {
    const changes = await applyStoreSchema({ ...copy.settings, replicas: 1 });
    const back = await applyStoreSchema(copy.settings);

    for (const { what, change } of [...changes, ...back])
      expect({ what, change }).toEqual({ what, change: what === "template" ? "updated" : "unchanged" });
  });

  it("refuses a store that a later version has set up", async () => {
    const path = `/${copy.names.checkpoints}/_doc/${SCHEMA_DOCUMENT_ID}`;
    const body = { name: SCHEMA_DOCUMENT_ID, state: { version: SCHEMA_VERSION + 1 }, written_at: 1 };
    await copy.server.request({ method: "PUT", path, body });

    await expect(applyStoreSchema(copy.settings)).rejects.toMatchObject({
      kind: "input",
      code: "store_newer",
    });
  });

  // Its number would go back, and functions of the later version would refuse to write.
  it("takes nothing back from a later version that is applied at the same time, and says that it is there", async () => {
    const other = await makeStoreCopy(inject("openSearchUrl"), { bare: true });
    const path = `/${other.names.checkpoints}/_doc/${SCHEMA_DOCUMENT_ID}`;
    const body = { name: SCHEMA_DOCUMENT_ID, state: { version: SCHEMA_VERSION + 1 }, written_at: 1 };
    let isThere = false;
    const between = await standBetween(inject("openSearchUrl"), async (asked) => {
      if (asked.method === "PUT" && asked.path.startsWith(path) && !isThere) {
        isThere = true;
        await other.server.request({ method: "PUT", path, body });
      }
      return undefined;
    });

    const older = applyStoreSchema({ ...other.settings, urls: [between.url] });

    await expect(older).rejects.toMatchObject({ code: "store_newer" });
    expect(await readSchemaVersion(other.server, other.names)).toBe(SCHEMA_VERSION + 1);
    await between.close();
    await other.remove();
  });

  it("gives up on a server that does not answer in time", async () => {
    const settings = { urls: ["http://127.0.0.1:9"], timeoutMs: 200, waitMs: 300 };

    await expect(applyStoreSchema(settings)).rejects.toMatchObject({ code: "store_unavailable" });
    await connectStore(settings).close();
  });

  it("numbers its migrations from 1 to the version that the store expects", () => {
    const numbers = MIGRATIONS.map(({ number }) => number);

    expect(numbers).toEqual(Array.from({ length: SCHEMA_VERSION }, (_, i) => i + 1));
  });
});

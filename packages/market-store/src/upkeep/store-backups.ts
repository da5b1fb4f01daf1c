import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import { SCHEMA_DOCUMENT_ID } from "../opensearch/schema-version.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { type NewestSnapshot, newestSnapshot } from "./newest-snapshot.ts";
import { ownIndices } from "./store-state.ts";

/**
 * Snapshots of all indices of one copy of the store, in a folder that the server itself writes and reads: it must lie
 * below its `path.repo`. Several in one folder share what did not change. Throws `backup_folder_refused` (input) when
 * the server may not use the folder, `backup_failed` when it could not be completed, and what a store throws.
 */
export interface StoreBackups {
  /** Returns when it is whole. The name must be new in the folder. */
  take(folder: string, name: string): Promise<BackedUpIndex[]>;
  /** Indices that hold anything but the note of the schema's version. */
  indicesWithData(): Promise<string[]>;
  /**
   * Puts the indices of a snapshot in the place of all that the store has: those are deleted, once the snapshot was
   * found whole. May be repeated after it broke off. Meanwhile nothing may spring up: writes to missing indices fail.
   */
  restore(folder: string, name: string): Promise<BackedUpIndex[]>;
  /** Of all repositories that are registered, whoever uses them. */
  newest(): Promise<NewestSnapshot>;
  /** What lies in the folder of this copy of the store alone; snapshots in which others have indices are not listed. */
  list(folder: string): Promise<Snapshot[]>;
  /** Deletes snapshots, and of their data what no other snapshot in the folder shares. */
  drop(folder: string, names: readonly string[]): Promise<void>;
}

export interface Snapshot {
  readonly name: string;
  /** Broken: it ended, and not everything is in it. */
  readonly state: "whole" | "underway" | "broken";
}

export interface BackedUpIndex {
  readonly name: string;
  readonly documents: number;
}

const STATES: ReadonlyMap<string, Snapshot["state"]> = new Map([
  ["SUCCESS", "whole"],
  ["IN_PROGRESS", "underway"],
]);

/** A quarter of a terabyte at 25 MB/s takes three hours. */
const WITHIN_MS = 6 * 3_600_000;
const LOOK_EVERY_MS = 300;

const catAnswer = z.array(
  z.object({ index: z.string(), "docs.count": z.string().nullish(), status: z.string().nullish() }),
);
const snapshotsAnswer = z.object({
  snapshots: z
    .array(
      z.object({
        state: z.string(),
        indices: z.array(z.string()),
        failures: z.array(z.object({ reason: z.string().optional() })).default([]),
      }),
    )
    .default([]),
});
const listAnswer = z.object({
  snapshots: z.array(z.object({ snapshot: z.string(), state: z.string(), indices: z.array(z.string()) })),
});
const healthAnswer = z.object({ status: z.enum(["green", "yellow", "red"]) });
const refusal = z.object({ error: z.object({ reason: z.string(), caused_by: z.unknown().optional() }) });

/** A busy server may take long to change what it consists of; given up, its work would go on unseen. */
const PATIENCE = { timeoutMs: 150_000, query: { cluster_manager_timeout: "120s" } } as const;
/** Files that nothing shares any longer are deleted one by one before the answer comes. */
const DROP_WITHIN_MS = 1_800_000;
/** Names in one address, which a server takes up to 4 KiB of. */
const NAMES_AT_ONCE_MAX = 50;

/** See `StoreBackups`. */
export function storeBackups({ store, names }: Pick<StoreParts, "store" | "names">): StoreBackups {
  const own = ownIndices(names);
  const isOwn = (index: string) =>
    own
      .split(",")
      .some((name) => (name.endsWith("*") ? index.startsWith(name.slice(0, -1)) : index === name));

  async function listIndices(): Promise<(BackedUpIndex & { isClosed: boolean })[]> {
    await store.request({ method: "POST", path: `/${own}/_refresh`, query: { ignore_unavailable: true } });
    const { body } = await store.request({
      method: "GET",
      // By patterns: for a name that is missing it would wait half a minute.
      path: `/_cat/indices/${own.replaceAll(/([^*])(?=,|$)/g, "$1*")}`,
      // One that is missing must not hide the others.
      query: {
        format: "json",
        h: "index,docs.count,status",
        expand_wildcards: "all",
        ignore_unavailable: true,
      },
    });
    const ours = readAnswer(catAnswer, body, "the indices").filter(({ index }) => isOwn(index));
    const found = ours.map((row) => ({
      name: row.index,
      documents: Number(row["docs.count"] ?? 0),
      // Nobody can say what is in it.
      isClosed: row.status === "close",
    }));
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Unregisters at the end, so that the server keeps no reference to a folder that may be taken away. */
  async function inRepository<T>(
    { folder, readonly }: { folder: string; readonly: boolean },
    work: (path: string) => Promise<T>,
  ): Promise<T> {
    const hash = createHash("sha256").update(`${names.prefix}${folder}`).digest("hex").slice(0, 12);
    const path = `/_snapshot/polytape-${hash}`;
    const { status, body } = await store.request({
      ...PATIENCE,
      method: "PUT",
      path,
      body: { type: "fs", settings: { location: folder, compress: true, readonly } },
      accept: [400, 500],
    });
    if (status >= 400) throw folderRefused(folder, body);
    try {
      return await work(path);
    } finally {
      await store.request({ ...PATIENCE, method: "DELETE", path, accept: [404] });
    }
  }

  async function findSnapshot(path: string, name: string) {
    const answer = await store.request({ method: "GET", path: `${path}/${name}`, accept: [404] });
    if (answer.status === 404) return null;
    return readAnswer(snapshotsAnswer, answer.body, "a snapshot").snapshots[0] ?? null;
  }

  async function whole(path: string, name: string): Promise<string[]> {
    for (const untilMs = Date.now() + WITHIN_MS; ; await delay(LOOK_EVERY_MS)) {
      const snapshot = await findSnapshot(path, name);
      if (snapshot?.state === "SUCCESS") return snapshot.indices;
      if (snapshot?.state === "IN_PROGRESS" && Date.now() < untilMs) continue;
      const reason = snapshot?.failures[0]?.reason ?? "it took too long, or is not there";
      throw backupFailed(`The snapshot ${name} is not whole: ${reason}.`, { state: snapshot?.state });
    }
  }

  /** Writers that go on find no index and are refused; an index that sprang up would stand in the way. */
  async function letNothingSpringUp<T>(work: () => Promise<T>): Promise<T> {
    const set = (value: string | null) =>
      store.request({
        ...PATIENCE,
        method: "PUT",
        path: "/_cluster/settings",
        body: { transient: { "action.auto_create_index": value } },
      });
    await set("false");
    try {
      return await work();
    } finally {
      await set(null);
    }
  }

  async function deleteAll(indices: readonly string[]): Promise<void> {
    for (let at = 0; at < indices.length; at += NAMES_AT_ONCE_MAX) {
      const path = `/${indices.slice(at, at + NAMES_AT_ONCE_MAX).join(",")}`;
      await store.request({
        method: "DELETE",
        path,
        ...PATIENCE,
        query: { ...PATIENCE.query, ignore_unavailable: true },
      });
    }
  }

  async function recovered(indices: readonly string[]): Promise<void> {
    for (const untilMs = Date.now() + WITHIN_MS; Date.now() < untilMs; await delay(LOOK_EVERY_MS)) {
      const { body } = await store.request({
        method: "GET",
        path: `/_cluster/health/${own}`,
        query: { wait_for_status: "yellow", timeout: "5s", filter_path: "status", expand_wildcards: "all" },
        accept: [408],
      });
      const isThere = readAnswer(healthAnswer, body, "the cluster's health").status !== "red";
      if (isThere && (await listIndices()).length >= indices.length) return;
    }
    throw backupFailed("The restored indices did not come up.", { indices: indices.length });
  }

  return {
    newest: () => newestSnapshot(store),
    take: (folder, name) =>
      inRepository({ folder, readonly: false }, async (path) => {
        const indices = await listIndices();
        if (indices.length === 0) throw backupFailed("There is nothing to back up.", {});
        await store.request({
          method: "PUT",
          path: `${path}/${name}`,
          query: { ...PATIENCE.query, wait_for_completion: false },
          timeoutMs: PATIENCE.timeoutMs,
          body: { indices: indices.map((index) => index.name).join(","), include_global_state: false },
          once: true,
        });
        const taken = new Set(await whole(path, name));
        return indices.filter((index) => taken.has(index.name));
      }),

    async indicesWithData() {
      const filled = (await listIndices()).filter(({ documents, isClosed }) => documents > 0 || isClosed);
      const [note] = filled.filter((index) => index.name === names.checkpoints && index.documents === 1);
      if (!note) return filled.map((index) => index.name);
      const { status } = await store.request({
        method: "HEAD",
        path: `/${names.checkpoints}/_doc/${SCHEMA_DOCUMENT_ID}`,
        accept: [404],
      });
      return filled.filter((index) => index !== note || status === 404).map((index) => index.name);
    },

    restore: (folder, name) =>
      inRepository({ folder, readonly: true }, async (path) => {
        const indices = await whole(path, name);
        await letNothingSpringUp(async () => {
          await deleteAll((await listIndices()).map((index) => index.name));
          await store.request({
            method: "POST",
            path: `${path}/${name}/_restore`,
            query: { ...PATIENCE.query, wait_for_completion: false },
            timeoutMs: PATIENCE.timeoutMs,
            body: { indices: indices.join(","), include_global_state: false },
            once: true,
          });
          await recovered(indices);
        });
        return listIndices();
      }),

    list: (folder) =>
      inRepository({ folder, readonly: true }, async (path) => {
        const { body } = await store.request({
          ...PATIENCE,
          method: "GET",
          path: `${path}/_all`,
          // Names and states alone: the rest is a file for each.
          query: { ...PATIENCE.query, verbose: false },
        });
        return readAnswer(listAnswer, body, "the snapshots")
          .snapshots.filter(({ indices }) => indices.every(isOwn))
          .map(({ snapshot, state }) => ({ name: snapshot, state: STATES.get(state) ?? "broken" }));
      }),

    drop: (folder, snapshots) =>
      inRepository({ folder, readonly: false }, async (path) => {
        for (let at = 0; at < snapshots.length; at += NAMES_AT_ONCE_MAX)
          await store.request({
            method: "DELETE",
            path: `${path}/${snapshots.slice(at, at + NAMES_AT_ONCE_MAX).join(",")}`,
            query: PATIENCE.query,
            timeoutMs: DROP_WITHIN_MS,
            once: true,
            accept: [404],
          });
      }),
  };
}

function folderRefused(folder: string, body: unknown): PolytapeError {
  const read = refusal.safeParse(body);
  return new PolytapeError(
    "input",
    "backup_folder_refused",
    `OpenSearch cannot use ${folder} for backups: it must lie below its path.repo and be writable for it.`,
    { facts: { reason: read.success ? read.data.error.reason.slice(0, 500) : "unknown" } },
  );
}

function backupFailed(message: string, facts: Readonly<Record<string, unknown>>): PolytapeError {
  return new PolytapeError("operating", "backup_failed", message, { facts });
}

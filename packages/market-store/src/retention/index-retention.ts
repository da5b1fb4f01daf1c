import { DAY_MS, hasCode, PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import type { StoreConnection } from "../opensearch/connection.ts";
import { refreshIndices } from "../opensearch/refresh.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { storeRefusal } from "../store-errors.ts";
import { blocksOf } from "./index-blocks.ts";
import { listIndices, readInventory } from "./index-inventory.ts";
import { placeInTime } from "./place-in-time.ts";
import type {
  DroppedDocuments,
  DropQuery,
  Rollover,
  RolloverConditions,
  StoreRetention,
} from "./store-retention.ts";
import { writtenByAlias, writtenIndex } from "./written-by-alias.ts";

const countAnswer = z.object({ count: z.number() });
const deletedAnswer = z.object({ deleted: z.number(), version_conflicts: z.number() });
const rolloverAnswer = z.object({
  old_index: z.string(),
  new_index: z.string(),
  rolled_over: z.boolean(),
  conditions: z.record(z.string(), z.boolean()).default({}),
});

/** Deletes whole indices, and documents of those that are kept for ever by their own times. */
export function indexRetention({ store, names, ready }: StoreParts): StoreRetention {
  async function countOf(index: string, query: object): Promise<number> {
    const { body } = await store.request({ method: "POST", path: `/${index}/_count`, body: { query } });
    return readAnswer(countAnswer, body, "a count").count;
  }

  /** False when it is gone already; throws `index_kept` for one that must not be deleted. */
  async function mayGo(name: string): Promise<boolean> {
    const place = placeInTime(name, names);
    if (place === null) throw indexKept(name, "it has none of the names that may be deleted");
    // Asked anew: between the inventory and now another index may have become the one written to.
    if (place.kind !== "books" || (await writtenByAlias(store, names.books)).get(name) === false) return true;
    const there = await listIndices({ store, names }, [`${names.books}-*`]);
    if (!there.some((index) => index.name === name)) return false;
    throw indexKept(name, "it is written to, or not behind its alias");
  }

  async function deleteIndex(name: string): Promise<boolean> {
    const { status } = await store.request({ method: "DELETE", path: `/${name}`, accept: [404] });
    return status !== 404;
  }

  /** A write that found the alias before the rollover may still be on its way. False: there is no saying so now. */
  async function keepWritesAway(name: string): Promise<boolean> {
    try {
      const path = `/${name}/_block/write`;
      return (await store.request({ method: "PUT", path, accept: [404] })).status !== 404;
    } catch (error) {
      // Of a full disk, which an empty index does not help: a later run finds it.
      if (isWriteBlock(error)) return false;
      throw error;
    }
  }

  async function dropDocuments(
    index: string,
    query: object,
    { limit, dryRun }: DropQuery,
  ): Promise<DroppedDocuments> {
    if (dryRun) return { count: await countOf(index, query), isAll: true };
    await requireWritable(store, index);
    // Found by search: what was just written must be visible to it.
    await refreshIndices(store, [index]);
    const { body } = await store.request({
      method: "POST",
      path: `/${index}/_delete_by_query`,
      query: {
        conflicts: "proceed",
        max_docs: limit,
        refresh: true,
        filter_path: "deleted,version_conflicts",
      },
      body: { query },
      once: true,
    });
    // One that was changed since it was found stays, and is a conflict.
    const { deleted, version_conflicts: changed } = readAnswer(deletedAnswer, body, "a deletion");
    return { count: deleted, isAll: changed === 0 && deleted < limit };
  }

  return {
    readInventory: (nowMs) => readInventory({ store, names }, nowMs),
    dropCoverage: (query) => dropDocuments(names.coverage, endedBefore(query.beforeMs), query),
    dropRejections: (query) =>
      dropDocuments(names.rejections, { range: { received_at: { lt: query.beforeMs } } }, query),

    dropIndex: async (name) => (await mayGo(name)) && deleteIndex(name),

    async dropEmptyIndex(name) {
      if (!(await mayGo(name)) || !(await keepWritesAway(name))) return false;
      await refreshIndices(store, [name]);
      if ((await countOf(name, { match_all: {} })) === 0) return deleteIndex(name);
      const body = { "index.blocks.write": null };
      await store.request({ method: "PUT", path: `/${name}/_settings`, body });
      return false;
    },

    async rollOver({ dryRun, ...conditions }) {
      await ready();
      const written = await writtenIndex(store, names.books);
      const [index] = written === null ? [] : await listIndices({ store, names }, [written]);
      const same: Rollover = { alias: names.books, rolled: false, from: written ?? "", to: written ?? "" };
      // An empty index would otherwise be followed by another empty one every week.
      if (index === undefined || index.documents === 0) return same;
      const { status, body } = await store.request({
        method: "POST",
        // By its name: where somebody else has rolled meanwhile it is there, and is not followed by another one.
        path: `/${names.books}/_rollover/${nextName(index.name)}`,
        query: { dry_run: dryRun },
        body: { conditions: conditionsOf(conditions, index.primaries) },
        accept: [400, 500],
        once: true,
      });
      if (status >= 400) {
        const text = JSON.stringify(body);
        // Somebody was faster: their new index has the name that this one would have given.
        if (/resource_already_exists|Concurrent modification of alias/.test(text)) return same;
        const reason = text.slice(0, 500);
        throw storeRefusal("to roll over", { status, reason }, { status, reason });
      }
      const answer = readAnswer(rolloverAnswer, body, "a rollover");
      const isDue = Object.values(answer.conditions).includes(true);
      const rolled = dryRun ? isDue : answer.rolled_over;
      return {
        alias: names.books,
        rolled,
        from: answer.old_index,
        to: rolled ? answer.new_index : answer.old_index,
      };
    },
  };
}

/**
 * Asked before a deletion by search: under a block the server would try again and again, far beyond any timeout,
 * instead of saying so. Throws `store_full` or `store_read_only`.
 */
async function requireWritable(store: StoreConnection, index: string): Promise<void> {
  const blocks = await blocksOf(store, index);
  if (blocks.length === 0) return;
  const reason = `cluster_block_exception: ${blocks.join(", ").replaceAll("_", "-")}`;
  throw storeRefusal(`to change documents of ${index}`, { status: 429, reason }, { index, blocks });
}

/** As the server counts by itself, and so does whoever else rolls over. */
function nextName(index: string): string {
  return index.replace(/\d+$/, (number) => String(Number(number) + 1).padStart(6, "0"));
}

/** The server knows the size of all primary shards together. */
function conditionsOf({ primaryShardBytesMax, ageMsMax }: RolloverConditions, primaries: number) {
  return { max_size: `${primaryShardBytesMax * Math.max(primaries, 1)}b`, max_age: `${ageMsMax}ms` };
}

/** Days of coverage that ended; documents of the older layout have no day, and say to when they reach. */
function endedBefore(beforeMs: number): object {
  const hasNoDay = { bool: { must_not: [{ exists: { field: "day" } }] } };
  return {
    bool: {
      should: [
        { range: { day: { lte: beforeMs - DAY_MS } } },
        { bool: { filter: [hasNoDay, { range: { to: { lte: beforeMs } } }] } },
      ],
      minimum_should_match: 1,
    },
  };
}

function indexKept(index: string, reason: string): PolytapeError {
  return new PolytapeError("bug", "index_kept", `The index ${index} is not to be deleted: ${reason}.`, {
    facts: { index },
  });
}

/**
 * Whether the store takes no change of documents for now: a disk is nearly full, or somebody made it read-only.
 * Indices can be deleted all the same where the disk is the reason, and that is the cure.
 */
export function isWriteBlock(error: unknown): boolean {
  return hasCode(error, "store_full") || hasCode(error, "store_read_only");
}

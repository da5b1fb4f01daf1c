import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import type { StoreConnection } from "../opensearch/connection.ts";

const aliasAnswer = z.record(
  z.string(),
  z.object({ aliases: z.record(z.string(), z.object({ is_write_index: z.boolean().optional() })) }),
);

/** The indices behind an alias, and whether each is the one written to; none where there is no such alias. */
export async function writtenByAlias(
  store: StoreConnection,
  alias: string,
): Promise<ReadonlyMap<string, boolean>> {
  const { status, body } = await store.request({ method: "GET", path: `/_alias/${alias}`, accept: [404] });
  if (status === 404) return new Map();
  const behind = Object.entries(readAnswer(aliasAnswer, body, "an alias"));
  // A single index behind an alias is written to also where nobody said so.
  return new Map(
    behind.map(([name, { aliases }]) => [name, aliases[alias]?.is_write_index ?? behind.length === 1]),
  );
}

/** The index that is written to behind an alias. */
export async function writtenIndex(store: StoreConnection, alias: string): Promise<string | null> {
  return [...(await writtenByAlias(store, alias))].find(([, isWritten]) => isWritten)?.[0] ?? null;
}

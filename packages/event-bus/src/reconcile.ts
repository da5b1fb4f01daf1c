/** A listing of a bucket: key → value and the revision that wrote it. */
export type Listing = ReadonlyMap<string, { readonly value: unknown; readonly revision: number }>;

/**
 * What a watcher must be told so that it knows what the listing holds: entries written since it last heard
 * of them, and keys that are gone. A watcher that was away learns of deletions only this way, because the
 * marker of a deletion may be gone as well.
 */
export function reconcile(
  known: ReadonlyMap<string, number>,
  listing: Listing,
): { changed: [key: string, value: unknown][]; deleted: string[]; known: Map<string, number> } {
  const changed = [...listing]
    .filter(([key, entry]) => known.get(key) !== entry.revision)
    .map(([key, entry]): [string, unknown] => [key, entry.value]);
  const deleted = [...known.keys()].filter((key) => !listing.has(key));
  return {
    changed,
    deleted,
    known: new Map([...listing].map(([key, entry]) => [key, entry.revision])),
  };
}

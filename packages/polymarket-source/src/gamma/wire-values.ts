import type { EpochMs } from "@polytape/market-model";

/** A value that is there but cannot be read: rejects its record, with the name of its field. */
export class UnreadableField extends Error {
  constructor(field: string, what: string) {
    super(`${field}: ${what}`);
    this.name = "UnreadableField";
  }
}

/** The text itself, unless it has more bytes (UTF-8) than the store is to be burdened with. */
export function withinBytes(text: string, bytesMax: number, field: string): string {
  if (Buffer.byteLength(text, "utf8") <= bytesMax) return text;
  throw new UnreadableField(field, `more than ${bytesMax} bytes`);
}

/** The list itself, unless it has more items than any market was ever seen with. */
export function withinCount<Item>(items: Item[], countMax: number, field: string): Item[] {
  if (items.length <= countMax) return items;
  throw new UnreadableField(field, `more than ${countMax}`);
}

type Absent = null | undefined;

/** `2026-07-24T00:00:16.5Z`, `2026-07-24 00:00:16+00`, `2026-07-24`; UTC where no zone is named. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** Absent and empty are null. Fractions beyond milliseconds are cut. */
export function readTime(text: string | Absent, field: string): EpochMs | null {
  if (text === null || text === undefined || text === "") return null;
  const [, day, clock = "00:00:00", fraction = "", zone = "Z"] = TIME.exec(text) ?? [];
  const atMs = Date.parse(`${day}T${clock}.${fraction.slice(0, 3).padEnd(3, "0")}${longZone(zone)}`);
  if (Number.isNaN(atMs)) throw new UnreadableField(field, "not a time");
  return atMs;
}

/** `+00` and `+0000` as the `+00:00` that every parser knows. */
function longZone(zone: string): string {
  if (zone === "Z") return zone;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

/** A number, or a number in text; absent and empty are null. */
export function readNumber(value: number | string | Absent, field: string): number | null {
  if (value === null || value === undefined || value === "") return null;
  const number = typeof value === "number" ? value : /^\s*$/.test(value) ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) throw new UnreadableField(field, "not a number");
  return number;
}

/** A list, or JSON of a list in text, of texts or numbers; absent and empty are null. */
export function readList(
  value: string | readonly (string | number)[] | Absent,
  field: string,
): string[] | null {
  if (value === null || value === undefined || value === "") return null;
  const list: unknown = typeof value === "string" ? parseJson(value, field) : value;
  if (list === null) return null;
  if (!Array.isArray(list)) throw new UnreadableField(field, "not a list");
  if (list.length === 0) return null;
  return list.map((item: unknown) => {
    if (typeof item === "string") return item;
    // A token id as a JSON number has already lost digits.
    if (typeof item === "number" && Math.abs(item) <= Number.MAX_SAFE_INTEGER) return String(item);
    throw new UnreadableField(field, "an item is neither text nor an exact number");
  });
}

function parseJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableField(field, "not JSON in text");
  }
}

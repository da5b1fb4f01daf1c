import type { EpochMs } from "@polytape/market-model";
import type { IndexNames } from "../opensearch/index-names.ts";

export type IndexPlace =
  | { readonly kind: "trades" | "candles"; readonly fromMs: EpochMs; readonly toMs: EpochMs }
  | { readonly kind: "books" };

const DAY_MS = 86_400_000;

/**
 * Which event time an index is for, by its name alone; null for a name that is not exactly one that this
 * version gives. A day that does not exist (2026.02.31) is no day, although dates can be computed from it.
 */
export function placeInTime(name: string, names: IndexNames): IndexPlace | null {
  const dayMs = names.dayOfTrades(name);
  if (dayMs !== null)
    return names.tradesOfDay(dayMs) === name ? { kind: "trades", fromMs: dayMs, toMs: dayMs + DAY_MS } : null;
  const month = partAfter(name, `${names.candles}-`).match(/^(\d{4})\.(\d\d)$/);
  if (month) {
    const [year, number] = [Number(month[1]), Number(month[2])];
    const fromMs = Date.UTC(year, number - 1);
    return names.candlesOfMonth(fromMs) === name
      ? { kind: "candles", fromMs, toMs: Date.UTC(year, number) }
      : null;
  }
  return /^\d{6}$/.test(partAfter(name, `${names.books}-`)) ? { kind: "books" } : null;
}

/** Empty when the text does not begin so. */
function partAfter(text: string, start: string): string {
  return text.startsWith(start) ? text.slice(start.length) : "";
}

import type { MarketStatus, Outcome } from "@polytape/market-model";
import type { PolymarketMarket } from "../wire/index.ts";
import { readList, readNumber, UnreadableField, withinBytes, withinCount } from "./wire-values.ts";

const TOKEN_ID = /^\d{1,78}$/;
/** Bounds as of the other texts of a market; recorded markets have two outcomes of 19 bytes together. */
const OUTCOMES_MAX = 256;
const NAME_BYTES_MAX = 1_000;

/**
 * Status and outcomes, which depend on each other:
 *
 * | `closed` | outcome prices | `umaResolutionStatus` | status | winner |
 * |---|---|---|---|---|
 * | false | any | any | open | null |
 * | true | exactly one is 1, all others 0 | absent or `resolved` | resolved | true for the 1, false for the others |
 * | true | the same | anything else (proposed, disputed …) | closed | null |
 * | true | 0.5/0.5, fractions, all 0 (legacy), none | any | closed | null |
 *
 * A split resolution has no winner, so it stays `closed`. `automaticallyResolved` adds nothing: recorded
 * markets are resolved with it and without.
 */
export function readOutcomes(wire: PolymarketMarket): { status: MarketStatus; outcomes: Outcome[] } {
  const names = readNames(wire);
  const assetIds = pairedWith(names, readList(wire.clobTokenIds, "clobTokenIds"), "clobTokenIds");
  const probabilities = readProbabilities(names, wire);
  const winner = winnerIndex(wire, probabilities);

  return {
    status: wire.closed ? (winner === null ? "closed" : "resolved") : "open",
    outcomes: names.map((name, index) => ({
      name,
      assetId: readAssetId(assetIds?.[index]),
      probability: probabilities?.[index] ?? null,
      winner: winner === null ? null : index === winner,
    })),
  };
}

function readNames(wire: PolymarketMarket): string[] {
  const names = readList(wire.outcomes, "outcomes");
  if (!names) throw new UnreadableField("outcomes", "none");
  for (const name of names) withinBytes(name, NAME_BYTES_MAX, "outcomes");
  return withinCount(names, OUTCOMES_MAX, "outcomes");
}

function pairedWith<Item>(names: readonly string[], items: Item[] | null, field: string): Item[] | null {
  if (items === null || items.length === names.length) return items;
  throw new UnreadableField(field, `${items.length} for ${names.length} outcomes`);
}

/** New markets carry empty token ids for some minutes. */
function readAssetId(text: string | undefined): string | null {
  if (text === undefined || text === "") return null;
  if (!TOKEN_ID.test(text)) throw new UnreadableField("clobTokenIds", "not a decimal token id");
  return text;
}

/** Null where none are stated; legacy closed markets state 0 for every outcome, which is no price of any. */
function readProbabilities(names: readonly string[], wire: PolymarketMarket): (number | null)[] | null {
  const field = "outcomePrices";
  const texts = pairedWith(names, readList(wire.outcomePrices, field), field);
  const prices = texts?.map((text) => readNumber(text, field)) ?? null;
  if (prices?.some((price) => price !== null && (price < 0 || price > 1)))
    throw new UnreadableField(field, "not between 0 and 1");
  return prices?.every((price) => price === 0) ? null : prices;
}

function winnerIndex(wire: PolymarketMarket, prices: readonly (number | null)[] | null): number | null {
  const settled = !wire.umaResolutionStatus || wire.umaResolutionStatus === "resolved";
  if (!wire.closed || !settled || !prices) return null;
  const winner = prices.indexOf(1);
  const clear = prices.every((price, index) => price === (index === winner ? 1 : 0));
  return winner >= 0 && clear ? winner : null;
}

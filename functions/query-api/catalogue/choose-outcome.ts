import type { Market } from "@polytape/market-model";
import type { TradeTape } from "@polytape/market-store";
import { refusal } from "../http/api-error.ts";
import type { MarketLookup } from "./market-lookup.ts";

/** What a question is about: a market of the catalogue, or only its condition id when that knows it not. */
export interface Subject {
  readonly marketId: string;
  readonly market: Market | null;
}

export interface ChosenOutcome {
  readonly assetId: string;
  readonly name: string | null;
  readonly index: number | null;
}

const CONDITION_ID = /^0x[0-9a-f]{64}$/;
const ASSET_ID = /^\d{3,80}$/;

/**
 * The market that any of its names means. A condition id that the catalogue lacks is still a subject,
 * because trades may have come before their market did. Throws `market_not_found`.
 */
export async function findSubject(markets: MarketLookup, anyId: string): Promise<Subject> {
  const id = /^0x/i.test(anyId) ? anyId.toLowerCase() : anyId;
  const market = await markets.find(id);
  if (market) return { marketId: market.marketId, market };
  if (CONDITION_ID.test(id)) return { marketId: id, market: null };
  throw marketNotFound();
}

export function marketNotFound() {
  return refusal("market_not_found", "No market has this condition id, Gamma id or slug.");
}

/**
 * A market that the catalogue lacks is known by its trades, and so is what its tokens are: whatever else was asked, one
 * of them must be on the tape. Throws `market_not_found`, and `unknown_outcome` of a token that may be another market's.
 */
export async function requireOnTape(
  tape: Pick<TradeTape, "findTrades">,
  { market, marketId }: Subject,
  assetId?: string,
): Promise<void> {
  if (market !== null) return;
  const anyTrade = { sort: "desc", limit: 1 } as const;
  const [ofToken] = await tape.findTrades({ marketId, assetId, ...anyTrade });
  if (ofToken) return;
  const [ofMarket] = assetId === undefined ? [] : await tape.findTrades({ marketId, ...anyTrade });
  if (!ofMarket) throw marketNotFound();
  throw refusal(
    "unknown_outcome",
    "No trade of this market, which the catalogue lacks, is of this asset id.",
  );
}

/**
 * The outcome that a text means: a name as it stands, a name in another case, an index, an asset id, in
 * this order. In a market that the catalogue lacks only an asset id can be understood.
 * Throws `unknown_outcome`, naming the outcomes there are, or those that share the name.
 */
export function chooseOutcome({ market }: Subject, text: string): ChosenOutcome {
  if (market === null) {
    if (ASSET_ID.test(text)) return { assetId: text, name: null, index: null };
    throw refusal("unknown_outcome", "The catalogue lacks this market: name the outcome by its asset id.");
  }
  const { outcomes } = market;
  const ways: ((outcome: Market["outcomes"][number], index: number) => boolean)[] = [
    ({ name }) => name === text,
    ({ name }) => name.toLowerCase() === text.toLowerCase(),
    (_, index) => String(index) === text,
    ({ assetId }) => assetId === text,
  ];
  const placesBy = (way: (typeof ways)[number]) =>
    outcomes.flatMap((each, place) => (way(each, place) ? [place] : []));
  const [index = -1, ...others] = ways.map(placesBy).find(({ length }) => length > 0) ?? [];
  if (others.length > 0) throw ambiguousName([index, ...others]);
  const outcome = outcomes[index];
  const names = outcomes.map(({ name }, place) => `${name} (${place})`).join(", ");
  if (!outcome) throw refusal("unknown_outcome", `The outcomes of this market are ${names}.`);
  if (outcome.assetId === null)
    throw refusal(
      "unknown_outcome",
      `${outcome.name} has no token: the market is older than the order book.`,
    );
  return { assetId: outcome.assetId, name: outcome.name, index };
}

function ambiguousName(places: readonly number[]) {
  const all = new Intl.ListFormat("en-GB").format(places.map(String));
  return refusal(
    "unknown_outcome",
    `The outcomes ${all} of this market share this name: give an index or an asset id.`,
  );
}

/** Name and place of a token's outcome; nulls when the catalogue does not know. */
export function outcomeOf(
  market: Market | null | undefined,
  assetId: string,
): { name: string; index: number } | null {
  const index = market?.outcomes.findIndex((outcome) => outcome.assetId === assetId) ?? -1;
  const outcome = market?.outcomes[index];
  return outcome ? { name: outcome.name, index } : null;
}

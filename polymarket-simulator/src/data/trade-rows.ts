import type { Catalogue } from "../world/catalogue.ts";
import { spoilTrade, type TradeFlaw } from "../world/disturbances.ts";
import { hexWord, mix, randomHex, unit } from "../world/random.ts";
import { blockNumberOf, type WorldTrade } from "../world/trade-blocks.ts";
import { PURPOSE } from "../world/world-settings.ts";

/** Writes rows of the trade feed as text. */
export interface TradeRowWriter {
  /**
   * A row of v2, in ASCII. `fresh` rows may lack what enrichment adds later, and write whole numbers as `5`;
   * later half of them say `5.0`.
   */
  v2(trade: WorldTrade, fresh: boolean, flaw: TradeFlaw | null): string;
  /** The same in pieces put at the end of a list, for blocks of many rows; returns how long they are together. */
  appendV2(out: string[], trade: WorldTrade, fresh: boolean, flaw: TradeFlaw | null): number;
  /** A row of v1: camelCase, whole numbers as `5`. */
  v1(trade: WorldTrade, fresh: boolean, flaw: TradeFlaw | null): string;
  transactionHash(trade: WorldTrade): string;
  wallet(trade: WorldTrade): string;
  tokenId(trade: WorldTrade): string;
}

/** Share of rows whose outcome and event are filled in late. */
const LATE_ENRICHMENT_SHARE = 0.3;
/** What stands between the pieces of a row that vary. */
const FIXED_LENGTH = ',"price":'.length + ',"timestamp":'.length + '"}'.length;
const TOKENS_KEPT_MAX = 20_000;

export function writeTradeRows(catalogue: Catalogue): TradeRowWriter {
  const { seed } = catalogue.settings;
  const wallets: WalletText[] = [];
  const tokens = new Map<number, TokenText>();

  function walletOf(trade: WorldTrade): WalletText {
    const known = wallets[trade.wallet];
    if (known) return known;
    const made = walletText(seed, trade.wallet);
    wallets[trade.wallet] = made;
    return made;
  }

  function tokenOf(trade: WorldTrade): TokenText {
    const key = trade.market * 4 + trade.outcome;
    const known = tokens.get(key);
    if (known) return known;
    if (tokens.size >= TOKENS_KEPT_MAX) tokens.clear();
    const made = tokenText(catalogue, trade);
    tokens.set(key, made);
    return made;
  }

  const lacks = (trade: WorldTrade) =>
    unit(seed, PURPOSE.enrichment, trade.timestamp, trade.place) < LATE_ENRICHMENT_SHARE;

  function appendV2(out: string[], trade: WorldTrade, fresh: boolean, flaw: TradeFlaw | null): number {
    if (flaw) {
      const text = asciiJson(spoilTrade(JSON.parse(v2(trade, fresh, null)), flaw));
      out.push(text);
      return text.length;
    }
    const wallet = walletOf(trade);
    const token = tokenOf(trade);
    const story = fresh && lacks(trade) ? token.unenriched : token.enriched;
    const pointed = !fresh && (trade.place + trade.timestamp) % 4 >= 2;
    const size = numeral(trade.size, pointed);
    const price = numeral(trade.price, pointed);
    const hash = transactionHashOf(seed, trade);
    const second = String(trade.timestamp);
    out.push(wallet.head, trade.side, token.ids, size, ',"price":', price, ',"timestamp":', second);
    out.push(story, wallet.tail, hash, '"}');
    const moving = trade.side.length + size.length + price.length + second.length + hash.length;
    return wallet.head.length + token.ids.length + story.length + wallet.tail.length + moving + FIXED_LENGTH;
  }

  function v2(trade: WorldTrade, fresh: boolean, flaw: TradeFlaw | null): string {
    const pieces: string[] = [];
    appendV2(pieces, trade, fresh, flaw);
    return pieces.join("");
  }

  return {
    v2,
    appendV2,
    v1(trade, fresh, flaw) {
      const row: Record<string, unknown> = JSON.parse(v2(trade, fresh, null));
      const renamed = Object.fromEntries(
        Object.entries(row).map(([name, value]) => [V1_NAMES[name] ?? name, value]),
      );
      return JSON.stringify(flaw ? spoilTrade(renamed, flaw) : renamed);
    },
    transactionHash: (trade) => transactionHashOf(seed, trade),
    wallet: (trade) => walletOf(trade).address,
    tokenId: (trade) => tokenOf(trade).tokenId,
  };
}

/** The names of v1 where they differ from those of v2. */
export const V1_NAMES: Readonly<Record<string, string>> = {
  proxy_wallet: "proxyWallet",
  token_id: "asset",
  condition_id: "conditionId",
  event_slug: "eventSlug",
  outcome_index: "outcomeIndex",
  profile_image: "profileImage",
  profile_image_optimized: "profileImageOptimized",
  transaction_hash: "transactionHash",
};

interface WalletText {
  readonly address: string;
  readonly head: string;
  readonly tail: string;
}

function walletText(seed: number, wallet: number): WalletText {
  const address = `0x${randomHex(5, seed, PURPOSE.wallet, wallet)}`;
  const named = { name: `trader-${wallet}`, pseudonym: `Quiet-${wallet}`, bio: "", profile_image: "" };
  return {
    address,
    head: `{"proxy_wallet":"${address}","side":"`,
    tail: `,${JSON.stringify({ ...named, profile_image_optimized: "" }).slice(1, -1)},"transaction_hash":"`,
  };
}

interface TokenText {
  readonly tokenId: string;
  readonly ids: string;
  readonly enriched: string;
  readonly unenriched: string;
}

function tokenText(catalogue: Catalogue, trade: WorldTrade): TokenText {
  const { tokenIds, conditionId, story, event } = catalogue.market(trade.market);
  const tokenId = tokenIds[trade.outcome] ?? "";
  const told = (enriched: boolean) =>
    `,${asciiJson({
      title: story.question,
      slug: story.slug,
      icon: enriched ? story.icon : "",
      event_slug: enriched ? event.slug : "",
      outcome: story.outcomes[trade.outcome] ?? "",
      outcome_index: enriched ? trade.outcome : 999,
    }).slice(1, -1)}`;
  return {
    tokenId,
    ids: `","token_id":"${tokenId}","condition_id":"${conditionId}","size":`,
    enriched: told(true),
    unenriched: told(false),
  };
}

/** JSON with everything beyond ASCII escaped. */
function asciiJson(value: object): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, escaped);
}

function numeral(value: number, pointed: boolean): string {
  return pointed && Number.isInteger(value) ? `${value}.0` : String(value);
}

function transactionHashOf(seed: number, trade: WorldTrade): string {
  const first = mix(seed, PURPOSE.transaction, trade.timestamp, trade.settlement);
  let hash = `0x${hexWord(first)}`;
  for (let word = 1; word < 8; word++) hash += hexWord(mix(first, word, trade.settlement));
  return hash;
}

/** The hidden sequence id of a row: the block's number, then the place within it. */
export function sequenceIdOf(trade: Pick<WorldTrade, "timestamp" | "place">): string {
  return `${blockNumberOf(trade.timestamp)}${String(trade.place).padStart(10, "0")}`;
}

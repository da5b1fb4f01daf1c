import type { Catalogue } from "../world/catalogue.ts";
import { spoilTrade, type TradeFlaw } from "../world/disturbances.ts";
import { hexWord, mix, randomHex, unit } from "../world/random.ts";
import { blockNumberOf, type WorldTrade } from "../world/trade-blocks.ts";
import { PURPOSE } from "../world/world-settings.ts";
import { putBytes, putText, putWord } from "./put-bytes.ts";

/** Writes rows of the trade feed as text. */
export interface TradeRowWriter {
  /**
   * A row of v2, in ASCII. `fresh` rows may lack what enrichment adds later, and write whole numbers as `5`;
   * later half of them say `5.0`.
   */
  v2(trade: WorldTrade, fresh: boolean, flaw: TradeFlaw | null): string;
  /** The same, without flaws, as bytes from `at` on; returns where they end. At most ROW_BYTES_MAX. */
  writeV2(out: Buffer, at: number, trade: WorldTrade, fresh: boolean): number;
  /** A row of v1: camelCase, whole numbers as `5`. */
  v1(trade: WorldTrade, fresh: boolean, flaw: TradeFlaw | null): string;
  transactionHash(trade: WorldTrade): string;
  wallet(trade: WorldTrade): string;
  tokenId(trade: WorldTrade): string;
}

/** Share of rows whose outcome and event are filled in late. */
const LATE_ENRICHMENT_SHARE = 0.3;
/** No row of this world is longer. */
export const ROW_BYTES_MAX = 4_096;
const PRICE = ',"price":';
const TIMESTAMP = ',"timestamp":';
const END = '"}';
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

  function v2(trade: WorldTrade, fresh: boolean, flaw: TradeFlaw | null): string {
    const wallet = walletOf(trade);
    const token = tokenOf(trade);
    const story = fresh && lacks(trade) ? token.unenriched : token.enriched;
    const pointed = isPointed(trade, fresh);
    const text = `${wallet.head}${trade.side}${token.ids}${numeral(trade.size, pointed)}${PRICE}${numeral(trade.price, pointed)}${TIMESTAMP}${trade.timestamp}${story}${wallet.tail}${transactionHashOf(seed, trade)}${END}`;
    return flaw ? asciiJson(spoilTrade(JSON.parse(text), flaw)) : text;
  }

  function writeV2(out: Buffer, at: number, trade: WorldTrade, fresh: boolean): number {
    const wallet = walletOf(trade);
    const token = tokenOf(trade);
    const story = fresh && lacks(trade) ? token.unenrichedBytes : token.enrichedBytes;
    const pointed = isPointed(trade, fresh);
    let end = putBytes(out, at, wallet.headBytes);
    end = putText(out, end, trade.side);
    end = putBytes(out, end, token.idsBytes);
    end = putText(out, end, numeral(trade.size, pointed));
    end = putText(out, end, PRICE);
    end = putText(out, end, numeral(trade.price, pointed));
    end = putText(out, end, TIMESTAMP);
    end = putText(out, end, String(trade.timestamp));
    end = putBytes(out, end, story);
    end = putBytes(out, end, wallet.tailBytes);
    end = putText(out, end, "0x");
    const first = mix(seed, PURPOSE.transaction, trade.timestamp, trade.settlement);
    end = putWord(out, end, first);
    for (let word = 1; word < 8; word++) end = putWord(out, end, mix(first, word, trade.settlement));
    return putText(out, end, END);
  }

  return {
    v2,
    writeV2,
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
  readonly headBytes: Buffer;
  readonly tailBytes: Buffer;
}

function walletText(seed: number, wallet: number): WalletText {
  const address = `0x${randomHex(5, seed, PURPOSE.wallet, wallet)}`;
  const named = { name: `trader-${wallet}`, pseudonym: `Quiet-${wallet}`, bio: "", profile_image: "" };
  const head = `{"proxy_wallet":"${address}","side":"`;
  const tail = `,${JSON.stringify({ ...named, profile_image_optimized: "" }).slice(1, -1)},"transaction_hash":"`;
  return { address, head, tail, headBytes: Buffer.from(head), tailBytes: Buffer.from(tail) };
}

interface TokenText {
  readonly tokenId: string;
  readonly ids: string;
  readonly enriched: string;
  readonly unenriched: string;
  readonly idsBytes: Buffer;
  readonly enrichedBytes: Buffer;
  readonly unenrichedBytes: Buffer;
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
  const ids = `","token_id":"${tokenId}","condition_id":"${conditionId}","size":`;
  const [enriched, unenriched] = [told(true), told(false)];
  return {
    tokenId,
    ids,
    enriched,
    unenriched,
    idsBytes: Buffer.from(ids),
    enrichedBytes: Buffer.from(enriched),
    unenrichedBytes: Buffer.from(unenriched),
  };
}

/** Half of the older rows write whole numbers with a point. */
function isPointed(trade: WorldTrade, fresh: boolean): boolean {
  return !fresh && (trade.place + trade.timestamp) % 4 >= 2;
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

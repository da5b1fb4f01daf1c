import type { EpochMs, Fees, Market, RejectedRecord } from "@polytape/market-model";
import { firstIssue } from "../http/read-as.ts";
import { type PolymarketMarket, polymarketMarket } from "../wire/index.ts";
import { categoryOf } from "./category.ts";
import { readOutcomes } from "./outcomes.ts";
import { readNumber, readTime, UnreadableField, withinBytes, withinCount } from "./wire-values.ts";

const CONDITION_ID = /^0x[0-9a-f]{64}$/;
const GAMMA_ID = /^\d{1,20}$/;

/**
 * Bytes, and the number of tags, of a market's texts. Far above what was ever recorded (slug 89, title 93,
 * description 1,880, tag 24) and far below what the store refuses (32,766 for a keyword), because one refused
 * document would stop the sweep that brings it.
 */
const SLUG_BYTES_MAX = 512;
const TITLE_BYTES_MAX = 4_000;
const DESCRIPTION_BYTES_MAX = 200_000;
const TAG_BYTES_MAX = 256;
const TAGS_MAX = 200;
const FEE_TYPE_BYTES_MAX = 256;

/**
 * A Gamma market object in our words. A key that is missing, null or empty becomes null; a value that is
 * there and cannot be read, or is longer than its bound, rejects the market with the field's name, as do
 * missing ids, slug, question, `closed` or outcomes.
 */
export function toMarket(raw: unknown, receivedAtMs: EpochMs): Market | RejectedRecord {
  const outcome = polymarketMarket.safeParse(raw);
  const rejected = (reason: string): RejectedRecord => ({ kind: "market", reason, raw, receivedAtMs });
  if (!outcome.success) return rejected(firstIssue(outcome.error));
  try {
    return translate(outcome.data);
  } catch (error) {
    if (error instanceof UnreadableField) return rejected(error.message);
    throw error;
  }
}

function translate(wire: PolymarketMarket): Market {
  const tags = readTags(wire);
  return {
    marketId: matching(CONDITION_ID, wire.conditionId.toLowerCase(), "conditionId"),
    gammaId: matching(GAMMA_ID, wire.id, "id"),
    slug: withinBytes(matching(/./, wire.slug, "slug"), SLUG_BYTES_MAX, "slug"),
    title: withinBytes(matching(/./, wire.question, "question"), TITLE_BYTES_MAX, "question"),
    description: withinBytes(wire.description ?? "", DESCRIPTION_BYTES_MAX, "description") || null,
    category: categoryOf(tags),
    tags,
    ...readOutcomes(wire),
    createdAtMs: readTime(wire.createdAt, "createdAt"),
    closeTimeMs: readTime(wire.endDate, "endDate"),
    closedAtMs: readTime(wire.closedTime, "closedTime"),
    updatedAtMs: readTime(wire.updatedAt, "updatedAt"),
    fees: readFees(wire),
    tickSize: readNumber(wire.orderPriceMinTickSize, "orderPriceMinTickSize"),
    minOrderSize: readNumber(wire.orderMinSize, "orderMinSize"),
    negRisk: wire.negRisk ?? null,
    acceptingOrders: wire.acceptingOrders ?? null,
    volume: readNumber(wire.volumeNum, "volumeNum") ?? readNumber(wire.volume, "volume"),
    volume24h: readNumber(wire.volume24hr, "volume24hr"),
    liquidity: readNumber(wire.liquidityNum, "liquidityNum") ?? readNumber(wire.liquidity, "liquidity"),
  };
}

function matching(pattern: RegExp, text: string, field: string): string {
  if (text === "") throw new UnreadableField(field, "empty");
  if (!pattern.test(text)) throw new UnreadableField(field, "not of the known form");
  return text;
}

/** The market's own tags and those of its events, sorted, each once; null when neither key is there. */
function readTags(wire: PolymarketMarket): readonly string[] | null {
  const lists = [wire.tags, ...(wire.events ?? []).map((event) => event.tags)].filter((tags) => tags != null);
  if (lists.length === 0) return null;
  const slugs = [...new Set(lists.flat().map((tag) => tag.slug))].filter((slug) => slug !== "").sort();
  for (const slug of slugs) withinBytes(slug, TAG_BYTES_MAX, "tags");
  return withinCount(slugs, TAGS_MAX, "tags");
}

/**
 * `makerBaseFee` and `takerBaseFee` are not the fee: since 2026-03-31 `feeSchedule` states it. Null where
 * neither a schedule nor a type is stated.
 */
function readFees({ feeType, feeSchedule }: PolymarketMarket): Fees | null {
  if (!feeType && !feeSchedule) return null;
  return {
    type: withinBytes(feeType ?? "", FEE_TYPE_BYTES_MAX, "feeType") || null,
    rate: readNumber(feeSchedule?.rate, "feeSchedule.rate"),
    exponent: readNumber(feeSchedule?.exponent, "feeSchedule.exponent"),
    takerOnly: feeSchedule?.takerOnly ?? null,
    rebateRate: readNumber(feeSchedule?.rebateRate, "feeSchedule.rebateRate"),
  };
}

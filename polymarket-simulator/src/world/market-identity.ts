import { hexWord, mix, randomHex } from "./random.ts";
import { PURPOSE } from "./world-settings.ts";

/**
 * Ids carry the number of their market, masked, in their last word: so any id can be looked up without
 * an index, in a world of any size. Whoever decodes one must compare with the id of the market found.
 */
export function conditionIdOf(seed: number, market: number): string {
  return `0x${withNumber(seed, PURPOSE.conditionId, market, market)}`;
}

/** ERC-1155 token id in decimal. */
export function tokenIdOf(seed: number, market: number, outcome: number): string {
  return BigInt(
    `0x${withNumber(seed, PURPOSE.tokenId, market * 4 + outcome, market * 4 + outcome)}`,
  ).toString();
}

/** The number of the market that an id seems to belong to; null where it can't be one of ours. */
export function marketOfConditionId(seed: number, conditionId: string): number | null {
  if (!/^0x[0-9a-f]{64}$/.test(conditionId)) return null;
  const market = numberIn(seed, PURPOSE.conditionId, conditionId.slice(2));
  return conditionIdOf(seed, market) === conditionId ? market : null;
}

export function marketOfTokenId(seed: number, tokenId: string): { market: number; outcome: number } | null {
  if (!/^[0-9]{1,78}$/.test(tokenId)) return null;
  const hex = BigInt(tokenId).toString(16).padStart(64, "0");
  if (hex.length !== 64) return null;
  const number = numberIn(seed, PURPOSE.tokenId, hex);
  const found = { market: Math.floor(number / 4), outcome: number % 4 };
  return tokenIdOf(seed, found.market, found.outcome) === tokenId ? found : null;
}

/** Gamma ids grow with the time of creation and leave gaps, as the real ones do. */
export function gammaIdOf(seed: number, market: number): number {
  return 500_000 + market * 7 + (mix(seed, PURPOSE.conditionId, market, 99) % 7);
}

export function marketOfGammaId(seed: number, gammaId: number): number | null {
  const market = Math.floor((gammaId - 500_000) / 7);
  return market >= 0 && gammaIdOf(seed, market) === gammaId ? market : null;
}

function withNumber(seed: number, purpose: number, at: number, number: number): string {
  const head = randomHex(7, seed, purpose, at);
  return head + hexWord((number ^ maskOf(seed, purpose, head)) >>> 0);
}

function numberIn(seed: number, purpose: number, hex: string): number {
  return (Number.parseInt(hex.slice(56), 16) ^ maskOf(seed, purpose, hex)) >>> 0;
}

function maskOf(seed: number, purpose: number, hex: string): number {
  return mix(seed, purpose, Number.parseInt(hex.slice(0, 8), 16) | 0);
}

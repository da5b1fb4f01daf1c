import { PolytapeError } from "./errors.ts";

/**
 * Shares and USDC as whole millionths (both tokens have six decimals on chain). Sums of integers are
 * associative, so a candle merged from five others equals the one folded from all trades; float sums are not.
 */
export type Millionths = number;

const ONE = 1_000_000;

/** Nearest millionth; throws `amount_too_large` where integers stop being exact (9.007e9 units). */
export function toMillionths(amount: number): Millionths {
  return checked(Math.round(amount * ONE));
}

export function fromMillionths(amount: Millionths): number {
  return amount / ONE;
}

export function addMillionths(a: Millionths, b: Millionths): Millionths {
  return checked(a + b);
}

function checked(amount: Millionths): Millionths {
  if (Number.isSafeInteger(amount)) return amount;
  throw new PolytapeError("input", "amount_too_large", "An amount is beyond exact integers.", {
    facts: { amount },
  });
}

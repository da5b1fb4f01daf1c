import { unit } from "./random.ts";
import { PURPOSE } from "./world-settings.ts";

/** Prices are counted in ten-thousandths of a USDC, the finest tick there is: integers stay exact. */
export const PRICE_UNITS = 10_000;

/** Tick sizes in price units. */
export function tickOf(seed: number, market: number): number {
  const at = unit(seed, PURPOSE.price, market, 1);
  if (at < 0.6) return 100;
  return at < 0.95 ? 10 : 1;
}

/** The first outcome's fair price in price units at a moment: a smooth path that can be read at any time. */
export function fairPrice(seed: number, market: number, atMs: number): number {
  const tick = tickOf(seed, market);
  const draw = (what: number) => unit(seed, PURPOSE.price, market, what);
  const base = 0.04 + 0.92 * draw(2);
  const reach = 0.3 * draw(3) * Math.min(base, 1 - base);
  const slow = Math.sin((atMs / (7_200_000 * (0.5 + draw(4))) + draw(5)) * 2 * Math.PI);
  const fast = Math.sin((atMs / (240_000 * (0.5 + draw(6))) + draw(7)) * 2 * Math.PI);
  return onTick((base + reach * (0.7 * slow + 0.3 * fast)) * PRICE_UNITS, tick);
}

/** The nearest price on the grid that an order may have: never 0, never 1. */
export function onTick(price: number, tick: number): number {
  return Math.min(PRICE_UNITS - tick, Math.max(tick, Math.round(price / tick) * tick));
}

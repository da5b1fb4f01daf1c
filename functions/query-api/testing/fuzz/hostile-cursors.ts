import fc from "fast-check";
import { writeCursor } from "../../http/page-cursor.ts";
import { hostileText } from "./hostile-values.ts";

/** The lists that have cursors, and how they name their questions without any condition. */
const QUESTIONS = {
  "/v1/trades": ["trades", ...Array.from({ length: 7 }, () => undefined)],
  "/v1/markets": ["markets", ...Array.from({ length: 5 }, () => undefined)],
} as const;
const PATHS = ["/v1/trades", "/v1/markets"] as const;

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/%."];

const place = fc.oneof(
  fc.constantFrom<(number | string)[]>(
    0,
    -1,
    1.5,
    1e300,
    -1e300,
    Number.MAX_SAFE_INTEGER,
    8.64e15 + 1,
    "",
    "x",
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  hostileText,
);

/** The digest is no secret, so anybody can make a cursor that passes it, about any place at any time. */
const forged = fc
  .record({
    path: fc.constantFrom(...PATHS),
    position: fc.tuple(place, place),
    asOfMs: fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 8.64e15, 8.64e15 + 1, Number.MAX_SAFE_INTEGER)),
    rowsBefore: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, 1.5, 1e300)),
  })
  .map(({ path, ...place }) => ({ path, cursor: writeCursor(place, QUESTIONS[path]) }));

/** One letter of a real cursor is another, is lacking, or is there twice. */
function altered(real: readonly { path: string; cursor: string }[]) {
  return fc
    .record({
      real: fc.constantFrom(...real),
      at: fc.nat(300),
      letter: fc.constantFrom("", ...LETTERS),
      grow: fc.boolean(),
    })
    .map(({ real: { path, cursor }, at, letter, grow }) => {
      const spot = at % cursor.length;
      return { path, cursor: cursor.slice(0, spot) + letter + cursor.slice(grow ? spot : spot + 1) };
    });
}

/** Lists asked with a cursor that somebody made or spoilt; now and then with a sound one. */
export function cursorQuestions(real: readonly { path: string; cursor: string }[]): fc.Arbitrary<string> {
  const question = fc.oneof(
    { weight: 3, arbitrary: forged },
    { weight: 2, arbitrary: altered(real) },
    { weight: 1, arbitrary: fc.constantFrom(...real) },
  );
  const rest = fc.constantFrom(
    "",
    "&limit=1",
    "&limit=1000",
    "&sort=ts:asc",
    "&status=open",
    "&page=2",
    "&format=csv",
  );
  return fc
    .tuple(question, rest)
    .map(([{ path, cursor }, more]) => `${path}?cursor=${encodeURIComponent(cursor)}${more}`);
}

import { type EpochMs, toRfc3339 } from "@polytape/market-model";
import { z } from "zod";

/** How many rows deep a page may reach: deeper pages are what cursors are for. */
export const PAGE_DEPTH_MAX = 10_000;
export const LIMIT_MAX = 1_000;
export const LIMIT_DEFAULT = 100;

/** From here on a bare number is read as milliseconds; as seconds it would be the year 5138. */
const FIRST_MILLISECONDS = 100_000_000_000;
/** The end of the year 9999: the last moment RFC 3339 can write. */
export const LAST_MOMENT_MS = 253_402_300_799_999;
const rfc3339 = z.iso.datetime({ offset: true });

/** A moment: RFC 3339 with a zone, or seconds or milliseconds since the epoch. */
export function momentParameter(description: string) {
  return z
    .string()
    .transform((text, context): EpochMs => {
      const ms = parseMoment(text);
      if (ms !== null) return ms;
      // In an address a bare + is a space.
      const hint = parseMoment(text.replace(" ", "+")) === null ? "" : ": write + as %2B";
      const message = `must be RFC 3339 with a zone (2026-11-22T18:00:00Z) or seconds or milliseconds since the epoch${hint}`;
      context.issues.push({ code: "custom", message, input: text });
      return z.NEVER;
    })
    .meta({ description, examples: ["2026-11-22T18:00:00Z", "1790000000"] });
}

export function parseMoment(text: string): EpochMs | null {
  if (/^\d{1,15}$/.test(text)) {
    const number = Number(text);
    const ms = number < FIRST_MILLISECONDS ? number * 1_000 : number;
    return ms <= LAST_MOMENT_MS ? ms : null;
  }
  if (text.length > 40 || !rfc3339.safeParse(text).success) return null;
  const ms = Math.floor(Date.parse(text));
  return ms >= 0 && ms <= LAST_MOMENT_MS ? ms : null;
}

function wholeNumberParameter(bounds: { min: number; max: number }, description: string) {
  const sentence = `must be a whole number from ${bounds.min} to ${bounds.max}`;
  return z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text), sentence)
    .refine((text) => !/^0\d/.test(text), "must have no leading zeros")
    .transform(Number)
    .refine((value) => value >= bounds.min && value <= bounds.max, sentence)
    .meta({ description, type: "integer", minimum: bounds.min, maximum: bounds.max });
}

export const limitParameter = wholeNumberParameter(
  { min: 1, max: LIMIT_MAX },
  `Rows of a page; default ${LIMIT_DEFAULT}.`,
).optional();

export const pageParameter = wholeNumberParameter(
  { min: 1, max: PAGE_DEPTH_MAX },
  `Page counted from 1 (default). page × limit is at most ${PAGE_DEPTH_MAX}; while rows arrive, only cursors are stable.`,
).optional();

export const cursorParameter = z
  .string()
  .refine((text) => text.length > 0 && text.length <= 512, "is no cursor of this service")
  .optional()
  .meta({
    description:
      "`next_cursor` of the page before, with otherwise the same question; not together with `page`.",
  });

/** A market by any of its three names. */
export const marketIdParameter = z
  .string()
  .refine(
    (text) => /^[A-Za-z0-9_.~-]{1,256}$/.test(text),
    "must be a condition id (0x and 64 hex digits), a Gamma id or a slug",
  )
  .meta({ description: "Condition id, Gamma id or slug.", examples: ["will-it-rain-tomorrow"] });

/** An outcome of a market by name, index or asset id. */
export const outcomeParameter = z
  .string()
  .refine((text) => text.length > 0 && text.length <= 256, "must be 1 to 256 characters")
  .meta({
    description:
      "An outcome of the market: its name (`Yes`), else its index (`0`), else its asset id. A name that several share is refused. Prices are per outcome and never mixed.",
    examples: ["Yes", "0"],
  });

export const fromParameter = momentParameter("Start, included.").optional();
export const toParameter = momentParameter("End, excluded.").optional();

/** A moment in an answer. */
export const moment = z.iso
  .datetime({ precision: 3 })
  .meta({ description: "RFC 3339 in UTC, milliseconds." });

export function momentOrNull(ms: EpochMs | null | undefined): string | null {
  return ms === null || ms === undefined ? null : toRfc3339(ms);
}

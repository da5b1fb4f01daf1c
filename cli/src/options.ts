import { z } from "zod";

/** A whole number given as text. */
export function count(description: string, bounds: { min: number; max: number }) {
  const sentence = `must be a whole number from ${bounds.min} to ${bounds.max}`;
  return z
    .string()
    .refine((text) => /^\d{1,10}$/.test(text), sentence)
    .transform(Number)
    .refine((value) => value >= bounds.min && value <= bounds.max, sentence)
    .meta({ description });
}

export const json = z.literal(true).optional().meta({ description: "as JSON, one value a line" });

export const limit = count("at most so many; default 50", { min: 1, max: 1_000 }).optional();
export const LIMIT_DEFAULT = 50;

/** A UTC day (`2026-11-22`: its start) or a moment in RFC 3339 given as text, as epoch milliseconds. */
export function moment(description: string) {
  const sentence = "must be a day (2026-11-22) or a moment (2026-11-22T10:00:00Z)";
  return z
    .union([z.iso.date(), z.iso.datetime({ offset: true })], sentence)
    .transform((text) => Date.parse(text))
    .meta({ description });
}

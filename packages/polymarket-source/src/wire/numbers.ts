import { z } from "zod";

/** Numbers come as JSON numbers or as text, sometimes both in one object. */
export const numberOrText = z.union([z.number(), z.string()]);

/** For keys that may be left out, or be null. */
export function maybe<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish();
}

import type { z } from "zod";
import { refusal } from "./api-error.ts";

/** How much of a user's text is repeated in a message. */
const ECHO_MAX = 60;

/**
 * Reads the parameters of a question by a schema. Unknown ones and repeated ones are refused: a mistyped
 * `form=` must not quietly become a question about all time. Throws `invalid_parameter`.
 */
export function readQuery<Query extends z.ZodObject>(
  search: URLSearchParams,
  schema: Query,
): z.output<Query> {
  const values: Record<string, string> = {};
  for (const [name, value] of search) {
    if (!Object.hasOwn(schema.shape, name)) throw refusal("invalid_parameter", unknownName(name, schema));
    if (Object.hasOwn(values, name)) throw refusal("invalid_parameter", `${name} is given twice.`);
    values[name] = value;
  }
  return readBy(schema, values);
}

/** Reads values that are no query (the parts of a path) by the same rules. */
export function readBy<Shape extends z.ZodObject>(
  schema: Shape,
  values: Readonly<Record<string, string>>,
): z.output<Shape> {
  const read = schema.safeParse(values);
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => {
    const name = path.join(".");
    return `${name} ${Object.hasOwn(values, name) ? message : "is missing"}`;
  });
  throw refusal("invalid_parameter", `${faults.join("; ")}.`);
}

function unknownName(name: string, schema: z.ZodObject): string {
  const known = Object.keys(schema.shape);
  const allowed = known.length === 0 ? "This endpoint takes none." : `Known are ${known.join(", ")}.`;
  return `There is no parameter ${JSON.stringify(name.slice(0, ECHO_MAX))}. ${allowed}`;
}

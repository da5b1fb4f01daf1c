import { z } from "zod";

/** One field of an answer or one parameter, as a line of a table. */
export interface FieldLine {
  /** `data[].outcomes[].name` */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly meaning: string;
}

const node = z.looseObject({
  $ref: z.string().optional(),
  type: z
    .union([z.string(), z.array(z.string())])
    .transform((type) => [type].flat())
    .optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  description: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), node).optional();
  },
  get $defs() {
    return z.record(z.string(), node).optional();
  },
  get items() {
    return node.optional();
  },
  get anyOf() {
    return z.array(node).optional();
  },
});
type Node = z.output<typeof node>;

/** The fields of a schema, outermost first; `input` for what is sent to us. */
export function describeFields(schema: z.ZodType, io: "input" | "output"): FieldLine[] {
  const whole = node.parse(z.toJSONSchema(schema, { io }));
  return fieldsOf(inlined(whole, whole.$defs ?? {}), "");
}

/** References are replaced by what they mean: tables want everything in place. */
function inlined(schema: Node, parts: Readonly<Record<string, Node>>): Node {
  const { $ref, ...own } = schema;
  const meant = $ref === undefined ? undefined : parts[$ref.replace(/^.*\//, "")];
  const { items, anyOf, properties, ...rest } = { ...meant, ...own };
  return {
    ...rest,
    ...(items && { items: inlined(items, parts) }),
    ...(anyOf && { anyOf: anyOf.map((each) => inlined(each, parts)) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, field]) => [name, inlined(field, parts)]),
      ),
    }),
  };
}

function fieldsOf(schema: Node, path: string): FieldLine[] {
  const whole = withoutNull(schema);
  if (whole.items) return fieldsOf(whole.items, `${path}[]`);
  return Object.entries(whole.properties ?? {}).flatMap(([name, field]) => {
    const place = path === "" ? name : `${path}.${name}`;
    const line = {
      path: place,
      type: typeOf(field),
      required: whole.required?.includes(name) ?? false,
      meaning: meaningOf(field),
    };
    return [line, ...fieldsOf(field, place)];
  });
}

function withoutNull(schema: Node): Node {
  return schema.anyOf?.find(({ type }) => !type?.includes("null")) ?? schema;
}

function meaningOf(schema: Node): string {
  return (
    schema.description ?? withoutNull(schema).description ?? withoutNull(schema).items?.description ?? ""
  );
}

function typeOf(schema: Node): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  const nullable = schema.type?.length === 2 && schema.type.includes("null");
  return `${bareTypeOf(schema)}${nullable ? " or null" : ""}`;
}

function bareTypeOf(schema: Node): string {
  const { type, minimum, maximum } = schema;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.items) return `array of ${typeOf(schema.items)}`;
  if (schema.format === "date-time") return "time";
  const bounded = minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (bounded && type?.includes("integer")) return `integer ${minimum}–${maximum}`;
  return type?.find((name) => name !== "null") ?? type?.[0] ?? "any";
}

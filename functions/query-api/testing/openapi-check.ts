import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect } from "vitest";
import { z } from "zod";
import { routes } from "../app.ts";
import { openApiDocument } from "../contract/openapi.ts";

/** The document as any user of it reads it: made once, checked by a validator that knows nothing of ours. */
const ajv = new Ajv2020({ strict: false });
addFormats(ajv);
const written = openApiDocument(routes, "0.0.0");
ajv.addSchema({ $id: "contract", ...written });

const answerEntry = z.looseObject({
  headers: z.record(z.string(), z.unknown()).optional(),
  content: z.record(z.string(), z.unknown()).optional(),
});
const document = z
  .looseObject({
    paths: z.record(
      z.string(),
      z.object({ get: z.looseObject({ responses: z.record(z.string(), answerEntry) }) }),
    ),
    components: z.looseObject({
      headers: z.record(
        z.string(),
        z.looseObject({
          required: z.boolean().optional(),
          schema: z.looseObject({ type: z.string().optional() }),
        }),
      ),
    }),
  })
  .parse(written);

const validators = new Map<string, ValidateFunction>();

/** Fails the test unless the OpenAPI document allows this endpoint this status with this body. */
export function expectInOpenApi(path: string, status: number, body: unknown): void {
  const pointer = pointerTo(
    "paths",
    path,
    "get",
    "responses",
    status,
    "content",
    "application/json",
    "schema",
  );
  const schema = validatorOf(pointer);
  if (!schema) throw new Error(`The OpenAPI document knows no answer ${status} of ${path}.`);
  schema(body);
  expect(schema.errors ?? [], `${path} ${status} by the OpenAPI document`).toEqual([]);
}

/**
 * Fails the test unless all headers that the document requires of this answer are there and have their form, no header
 * that it knows comes where it does not name it, and the media type is one that it names.
 */
export function expectHeadersInOpenApi(path: string, status: number, headers: Headers): void {
  const entry = document.paths[path]?.get.responses[status];
  if (!entry) throw new Error(`The OpenAPI document knows no answer ${status} of ${path}.`);
  for (const [name, { required = false, schema }] of Object.entries(document.components.headers)) {
    const said = `${name} of ${path} ${status} by the OpenAPI document`;
    const isNamed = Object.hasOwn(entry.headers ?? {}, name);
    const value = headers.get(name);
    if (value === null) expect(isNamed && required ? "missing" : "not needed", said).toBe("not needed");
    else
      expect([isNamed, headerErrors(name, schema.type === "integer" ? Number(value) : value)], said).toEqual([
        true,
        [],
      ]);
  }
  const mediaTypes = Object.keys(entry.content ?? {});
  if (mediaTypes.length > 0) expect(mediaTypes).toContain(headers.get("content-type")?.split(";")[0]);
}

function headerErrors(name: string, value: string | number) {
  const schema = validatorOf(pointerTo("components", "headers", name, "schema"));
  schema?.(value);
  return schema?.errors ?? [];
}

function validatorOf(pointer: string): ValidateFunction | undefined {
  const known = validators.get(pointer) ?? ajv.getSchema(`contract#/${pointer}`);
  if (known) validators.set(pointer, known);
  return known;
}

function pointerTo(...parts: readonly (string | number)[]): string {
  return parts
    .map((part) => encodeURIComponent(String(part).replaceAll("~", "~0").replaceAll("/", "~1")))
    .join("/");
}

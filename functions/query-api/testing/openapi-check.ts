import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect } from "vitest";
import { routes } from "../app.ts";
import { openApiDocument } from "../contract/openapi.ts";

/** The document as any user of it reads it: made once, checked by a validator that knows nothing of ours. */
const ajv = new Ajv2020({ strict: false });
addFormats(ajv);
ajv.addSchema({ $id: "contract", ...openApiDocument(routes, "0.0.0") });

const validators = new Map<string, ValidateFunction>();

/** Fails the test unless the OpenAPI document allows this endpoint this status with this body. */
export function expectInOpenApi(path: string, status: number, body: unknown): void {
  const schema = validatorOf(path, status);
  schema(body);
  expect(schema.errors ?? [], `${path} ${status} by the OpenAPI document`).toEqual([]);
}

function validatorOf(path: string, status: number): ValidateFunction {
  const pointer = ["paths", path, "get", "responses", status, "content", "application/json", "schema"]
    .map((part) => encodeURIComponent(String(part).replaceAll("~", "~0").replaceAll("/", "~1")))
    .join("/");
  const known = validators.get(pointer) ?? ajv.getSchema(`contract#/${pointer}`);
  if (!known) throw new Error(`The OpenAPI document knows no answer ${status} of ${path}.`);
  validators.set(pointer, known);
  return known;
}

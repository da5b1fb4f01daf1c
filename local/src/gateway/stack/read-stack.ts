import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { PolytapeError } from "@polytape/market-model";
import { parseDocument } from "yaml";
import { z } from "zod";
import { memoryBytes } from "./memory-limit.ts";
import { substituteVariables } from "./substitute-variables.ts";

/** One function as its stack file describes it, with all variables replaced. */
export interface FunctionSpec {
  readonly name: string;
  readonly image: string;
  /** The bundle's folder, absolute. */
  readonly handlerFolder: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the secrets that the function may read. */
  readonly secrets: readonly string[];
  readonly memoryLimitBytes: number | null;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Key and value of one annotation together, in bytes; the gateway of OpenFaaS refuses more. */
const ANNOTATION_BYTES_MAX = 4_096;

const texts = z.preprocess(emptyToMap, z.record(z.string(), z.preprocess(emptyToText, z.string())));
const functionSchema = z.object({
  lang: z.literal("node20", "must be node20: the local gateway runs no other template"),
  handler: z.string().min(1),
  image: z.string().min(1),
  annotations: texts,
  labels: texts,
  environment: texts,
  environment_file: z.array(z.string().min(1)).default([]),
  secrets: z.array(z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "must be a secret's name")).default([]),
  limits: z
    .object({ memory: z.string().refine((text) => memoryBytes(text) !== null, "must be like 192Mi") })
    .partial()
    .default({}),
});
/** A function's name is a DNS label, because it is one under the platform. */
const nameSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be named by lower-case letters, digits and dashes");
const stackSchema = z.object({ functions: z.record(nameSchema, functionSchema) });
const environmentFileSchema = z.object({ environment: texts });

/**
 * Reads stack files as faas-cli does: variables are replaced in the text, unknown keys are ignored,
 * an `environment_file` wins over `environment`. Paths are relative to the stack file's folder.
 *
 * Throws PolytapeError `stack_invalid` (kind input) that names the faults of all files.
 */
export function readStack(files: readonly string[], variables: Variables): FunctionSpec[] {
  const faults: string[] = [];
  const specs = files.flatMap((file) => readStackFile(file, variables, faults));
  const names = specs.map(({ name }) => name);
  for (const name of new Set(names.filter((each, at) => names.indexOf(each) !== at))) {
    faults.push(`the function ${name} is described twice`);
  }
  if (faults.length === 0) return specs;
  throw new PolytapeError("input", "stack_invalid", `The stack cannot be deployed: ${faults.join("; ")}`, {
    facts: { faults },
  });
}

function readStackFile(file: string, variables: Variables, faults: string[]): FunctionSpec[] {
  const stack = readYaml(file, stackSchema, variables, faults);
  if (stack === null) return [];
  return Object.entries(stack.functions).map(([name, entry]) => {
    const fromFiles = entry.environment_file.map(
      (each) => readYaml(resolve(dirname(file), each), environmentFileSchema, variables, faults)?.environment,
    );
    for (const [key, value] of Object.entries(entry.annotations)) {
      if (Buffer.byteLength(key + value) > ANNOTATION_BYTES_MAX) {
        faults.push(`${file}: functions.${name}.annotations.${key} is longer than 4096 bytes`);
      }
    }
    return {
      name,
      image: entry.image,
      handlerFolder: resolve(dirname(file), entry.handler),
      annotations: entry.annotations,
      labels: entry.labels,
      environment: Object.assign({}, entry.environment, ...fromFiles),
      secrets: entry.secrets,
      memoryLimitBytes: memoryBytes(entry.limits.memory ?? ""),
    };
  });
}

/** All scalars are read as text (`1.0`, `true`), because that is what a function gets to see. */
function readYaml<T>(file: string, schema: z.ZodType<T>, variables: Variables, faults: string[]): T | null {
  const text = readText(file, faults);
  if (text === null) return null;
  const substituted = substituteVariables(text, variables);
  faults.push(...substituted.unknown.map((form) => `${file}: ${form} is not a form of substitution we know`));
  const document = parseDocument(substituted.text, { schema: "failsafe", merge: true });
  if (document.errors.length > 0) {
    faults.push(...document.errors.map((error) => `${file}: ${error.message.split("\n")[0]}`));
    return null;
  }
  const outcome = schema.safeParse(document.toJS({ maxAliasCount: 1_000 }));
  if (outcome.success) return outcome.data;
  faults.push(...outcome.error.issues.map((issue) => `${file}: ${issue.path.join(".")} ${reasonOf(issue)}`));
  return null;
}

function reasonOf(issue: z.core.$ZodIssue): string {
  return (issue.code === "invalid_key" && issue.issues[0]?.message) || issue.message;
}

function readText(file: string, faults: string[]): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    faults.push(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    return null;
  }
}

function emptyToMap(value: unknown): unknown {
  return value === undefined || value === null || value === "" ? {} : value;
}

function emptyToText(value: unknown): unknown {
  return value ?? "";
}

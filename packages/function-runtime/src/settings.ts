import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { readSecret, SECRETS_FOLDER } from "./secrets.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads settings by one schema whose keys are the names of variables (`OPENSEARCH_URL`). An empty
 * variable counts as absent, because stack files write `${NAME:-}`. A key of the schema that the
 * environment lacks is looked for as a secret file of the same name in lower case with dashes
 * (`OPENSEARCH_PASSWORD` → `opensearch-password`); `OPENSEARCH_PASSWORD_SECRET` names another one, because
 * the platform's secrets are one list for all functions, and each role has a password of its own.
 *
 * Throws PolytapeError `settings_invalid` (kind input) that names all faults at once.
 */
export function readSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
): z.output<z.ZodObject<Shape>> {
  const folder = environment["SECRETS_FOLDER"] || SECRETS_FOLDER;
  const values = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [
      name,
      environment[name] || (isSecretName(name) ? secretText(name, environment, folder) : undefined),
    ]),
  );
  const outcome = schema.safeParse(values);
  if (outcome.success) return outcome.data;

  const faults = outcome.error.issues.map((issue) => `${issue.path.join(".")}: ${faultOf(issue, values)}`);
  throw new PolytapeError(
    "input",
    "settings_invalid",
    `${faults.length} setting${faults.length === 1 ? " is" : "s are"} wrong or missing: ${faults.join("; ")}`,
    { facts: { faults } },
  );
}

/** Passwords and certificates, and the gateway's user, which OpenFaaS hands out as a secret beside its password. */
export function isSecretName(name: string): boolean {
  return /_(PASSWORD|CA)$/.test(name) || name === "BASIC_AUTH_USER";
}

export function secretFileName(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

/** The variable that names a secret's file where it is not the usual one. */
export function secretChoice(name: string): string {
  return `${name}_SECRET`;
}

function secretText(name: string, environment: Environment, folder: string): string | undefined {
  const file = environment[secretChoice(name)] || secretFileName(name);
  // A path is not a name: it must not lead out of the folder.
  return /^[a-z0-9][a-z0-9.-]*$/.test(file) ? readSecret(file, folder) : undefined;
}

function faultOf(issue: z.core.$ZodIssue, values: Record<string, string | undefined>): string {
  const given = values[String(issue.path[0])];
  if (given === undefined) return "is missing";
  if (isSecretName(String(issue.path[0]))) return issue.message;
  // Of an address that is not one, whatever stands before an @ may be a login.
  return `${issue.message} (given: "${given.replace(/[^,\s]*@/g, "…@")}")`;
}

/** A whole number within bounds. */
export function wholeNumber(bounds: { min: number; max: number }) {
  return z
    .string()
    .regex(/^-?\d+$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(bounds.min).max(bounds.max));
}

/** `true` or `false`, nothing else. */
export function flag() {
  return z.enum(["true", "false"], "must be true or false").transform((text) => text === "true");
}

/** An http(s) address without a trailing slash. */
export function httpUrl() {
  return z
    .url({ protocol: /^https?$/, error: "must be an http or https URL" })
    .transform((url) => url.replace(/\/+$/, ""));
}

/** Settings of whoever talks to OpenSearch. */
export const openSearchSettings = {
  /** One URL, or several of one cluster separated by commas. */
  OPENSEARCH_URL: z
    .string()
    .transform((list) => list.split(",").map((url) => url.trim()))
    .pipe(z.array(httpUrl()).min(1)),
  OPENSEARCH_USER: z.string().optional(),
  OPENSEARCH_PASSWORD: z.string().optional(),
  /** Certificates (PEM) of who signed the server's own; without it the well-known ones. */
  OPENSEARCH_CA: z
    .string()
    .regex(/^(-----BEGIN CERTIFICATE-----[\s\S]*)?$/, "must be a certificate in PEM")
    .transform((pem) => pem || undefined)
    .optional(),
  /** Put before every index name, so that copies can share a server. */
  OPENSEARCH_INDEX_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]*$/, "may hold lower-case letters, digits and dashes")
    .optional(),
};

/** Settings of whoever talks to NATS. */
export const natsSettings = {
  /** One URL, or several of one cluster separated by commas. */
  NATS_URL: z.string().regex(/^(nats|tls):\/\/[^,]+(,(nats|tls):\/\/[^,]+)*$/, "must be nats://host:port"),
  NATS_USER: z.string().optional(),
  NATS_PASSWORD: z.string().optional(),
};

/** Settings of whoever reads Polymarket; the defaults are the real service. */
export const polymarketSettings = {
  POLYMARKET_GAMMA_URL: httpUrl().default("https://gamma-api.polymarket.com"),
  POLYMARKET_DATA_URL: httpUrl().default("https://data-api.polymarket.com"),
  POLYMARKET_CLOB_URL: httpUrl().default("https://clob.polymarket.com"),
  POLYMARKET_TIMEOUT_MS: wholeNumber({ min: 100, max: 60_000 }).default(5_000),
  POLYMARKET_TRIES_MAX: wholeNumber({ min: 1, max: 10 }).default(3),
};

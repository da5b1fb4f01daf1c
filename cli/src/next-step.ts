import { PolytapeError } from "@polytape/market-model";
import type { Tools } from "./command.ts";

/** The part that is away by code, and the setting that says where it was looked for. */
const PARTS: Readonly<Record<string, { variable: string; standard: string }>> = {
  store_unavailable: { variable: "OPENSEARCH_URL", standard: "http://127.0.0.1:9200" },
  bus_unavailable: { variable: "NATS_URL", standard: "nats://127.0.0.1:4222" },
  gateway_unavailable: { variable: "OPENFAAS_URL", standard: "http://127.0.0.1:8080" },
};

/** For an error of a server that is away: where it was looked for and what to do; else empty. May hold credentials. */
export function nextStep(error: unknown, tools: Pick<Tools, "surroundings">): string {
  const part = error instanceof PolytapeError ? PARTS[error.code] : undefined;
  if (part === undefined) return "";
  const given = variableOf(tools, part.variable);
  const here = given === undefined ? '`make polytape ARGS="…"` asks the copy that runs here, ' : "";
  return ` It was asked at ${given ?? part.standard} (${part.variable}): ${here}\`make status\` tells what runs here, \`polytape doctor\` what is wrong.`;
}

/** Undefined too when the settings cannot be read: the error at hand is the one to tell. */
function variableOf({ surroundings }: Pick<Tools, "surroundings">, name: string): string | undefined {
  try {
    return surroundings().variables[name] || undefined;
  } catch {
    return undefined;
  }
}

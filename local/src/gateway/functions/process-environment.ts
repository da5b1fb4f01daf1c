import { heapMebibytes } from "../stack/memory-limit.ts";
import type { FunctionSpec } from "../stack/read-stack.ts";

/** What a container would have of its own; nothing else of the gateway's environment reaches a function. */
const BASICS = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "NODE_EXTRA_CA_CERTS"];

/** The whole environment of a function's process: its stack entry, the basics, where its secrets are. */
export function processEnvironment(
  spec: FunctionSpec,
  secretsFolder: string,
  surroundings: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const basics = BASICS.flatMap((name) => {
    const value = surroundings[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(basics),
    ...spec.environment,
    NODE_OPTIONS: nodeOptions(spec),
    SECRETS_FOLDER: secretsFolder,
  };
}

/**
 * The memory limit becomes a bound of the heap. Young objects get 4 MiB instead of 16: measured on a busy
 * trivial function, 79 MB resident instead of 102, at the same latency. What the stack says itself wins.
 */
function nodeOptions({ memoryLimitBytes, environment }: FunctionSpec): string {
  const heap = memoryLimitBytes === null ? [] : [`--max-old-space-size=${heapMebibytes(memoryLimitBytes)}`];
  return ["--max-semi-space-size=4", ...heap, environment["NODE_OPTIONS"] ?? ""].join(" ").trim();
}

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
  return { ...Object.fromEntries(basics), ...spec.environment, SECRETS_FOLDER: secretsFolder };
}

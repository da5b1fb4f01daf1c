import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PolytapeError } from "@polytape/market-model";

/** Where OpenFaaS puts secrets, one file each; the local profile names another folder. */
export const SECRETS_FOLDER = "/var/openfaas/secrets";

/** The text of a secret's file without surrounding white space; undefined when there is no such secret. */
export function readSecret(name: string, folder: string = SECRETS_FOLDER): string | undefined {
  try {
    return readFileSync(join(folder, name), "utf8").trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new PolytapeError("operating", "secret_unreadable", `The secret ${name} cannot be read.`, {
      cause,
    });
  }
}

import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSecret } from "@polytape/function-runtime";
import type { StackSettings } from "./settings.ts";

/** Who may enter the own nats-server. */
export const OWN_NATS_USER = "polytape";

export interface Secrets {
  readonly basicAuthUser: string;
  readonly basicAuthPassword: string;
  readonly openSearchPassword: string;
  readonly natsPassword: string;
}

/**
 * Writes the secrets as files that only we can read, as the platform hands them to functions. What the
 * operator gives wins; what he does not give is made up once and kept.
 */
export function writeSecrets(folder: string, settings: StackSettings): Secrets {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const generated = (name: string) => readSecret(name, folder) || randomBytes(24).toString("base64url");
  const secrets = {
    basicAuthUser: settings.BASIC_AUTH_USER,
    basicAuthPassword: settings.BASIC_AUTH_PASSWORD ?? generated("basic-auth-password"),
    // Our own OpenSearch knows no logins (its security plugin is not among the artifacts); it listens on loopback.
    openSearchPassword: settings.OPENSEARCH_PASSWORD ?? "",
    natsPassword:
      settings.NATS_PASSWORD ?? (settings.NATS_URL === undefined ? generated("nats-password") : ""),
  };
  writeSecret(folder, "basic-auth-user", secrets.basicAuthUser);
  writeSecret(folder, "basic-auth-password", secrets.basicAuthPassword);
  writeSecret(folder, "opensearch-password", secrets.openSearchPassword);
  writeSecret(folder, "opensearch-ca", settings.OPENSEARCH_CA ?? "");
  writeSecret(folder, "nats-password", secrets.natsPassword);
  return secrets;
}

function writeSecret(folder: string, name: string, value: string): void {
  const file = join(folder, name);
  writeFileSync(file, value, { mode: 0o600 });
  chmodSync(file, 0o600);
}

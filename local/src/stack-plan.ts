import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isSecretName } from "@polytape/function-runtime";
import { parseEnvFile } from "./env-file.ts";
import { type HomePaths, openHome } from "./home-paths.ts";
import { HOME_MARK } from "./processes/identity.ts";
import { OWN_NATS_USER, type Secrets, writeSecrets } from "./secrets-folder.ts";
import { passedOnSettings, readStackSettings, type StackSettings } from "./settings.ts";

export interface StackUrls {
  /** The gateway: functions, `/v1`, `/health`. */
  readonly gateway: string;
  readonly openSearch: string;
  readonly nats: string;
  /** Null when the stack reads something else. */
  readonly simulator: string | null;
}

/** Everything about one copy that is decided before its first process starts. */
export interface StackPlan {
  readonly repository: string;
  readonly paths: HomePaths;
  readonly settings: StackSettings;
  readonly urls: StackUrls;
  readonly secrets: Secrets;
  /** What the stack's programs are told in their environment; secrets only as files. */
  readonly decided: Readonly<Record<string, string>>;
  /** The whole environment of the stack's programs: what surrounds us, and what was decided. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Reads settings and makes the home. Throws `settings_invalid` (input) before anything is made. */
export function planStack(
  repository: string,
  surroundings: Readonly<Record<string, string | undefined>>,
): StackPlan {
  const { settings, variables } = readStackSettings(readEnvFile(repository, surroundings), surroundings);
  const paths = openHome(resolve(repository, settings.POLYTAPE_HOME));
  const urls = urlsOf(settings);
  const secrets = writeSecrets(paths.secrets, settings);
  const decided = decideEnvironment(settings, variables, urls, paths);
  const open = Object.entries(variables).filter(([name]) => !isSecretName(name));
  const environment = { ...Object.fromEntries(open), ...decided, [HOME_MARK]: paths.home };
  return { repository, paths, settings, urls, secrets, decided, environment };
}

/** The home that the settings name, found even when other settings are wrong: stopping must always work. */
export function findHome(
  repository: string,
  surroundings: Readonly<Record<string, string | undefined>>,
): HomePaths {
  const { variables } = parseEnvFile(readEnvFile(repository, surroundings));
  const folder = surroundings["POLYTAPE_HOME"] || variables["POLYTAPE_HOME"] || ".polytape";
  return openHome(resolve(repository, folder));
}

function readEnvFile(repository: string, surroundings: Readonly<Record<string, string | undefined>>): string {
  const file = surroundings["POLYTAPE_ENV_FILE"] || join(repository, ".env");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function urlsOf(settings: StackSettings): StackUrls {
  return {
    gateway: `http://${reachable(settings.API_BIND_HOST)}:${settings.API_BIND_PORT}`,
    openSearch: settings.OPENSEARCH_URL?.join(",") ?? `http://127.0.0.1:${settings.OPENSEARCH_PORT}`,
    nats: settings.NATS_URL ?? `nats://127.0.0.1:${settings.NATS_PORT}`,
    simulator: settings.SIMULATOR ? `http://127.0.0.1:${settings.SIMULATOR_PORT}` : null,
  };
}

/** An address to listen on may mean "all": then it is reached by loopback. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** A Polymarket address that the operator gave wins over the simulator's. */
function decideEnvironment(
  settings: StackSettings,
  given: Readonly<Record<string, string>>,
  urls: StackUrls,
  paths: HomePaths,
): Record<string, string> {
  const upstream = Object.entries(simulatorUrls(urls.simulator)).filter(
    ([name]) => given[name] === undefined,
  );
  const natsUser = settings.NATS_URL === undefined ? OWN_NATS_USER : settings.NATS_USER;
  return {
    ...passedOn(settings),
    ...Object.fromEntries(upstream),
    OPENSEARCH_URL: urls.openSearch,
    ...(settings.OPENSEARCH_USER !== undefined && { OPENSEARCH_USER: settings.OPENSEARCH_USER }),
    NATS_URL: urls.nats,
    ...(natsUser !== undefined && { NATS_USER: natsUser }),
    OPENFAAS_URL: urls.gateway,
    API_BIND_HOST: settings.API_BIND_HOST,
    API_BIND_PORT: String(settings.API_BIND_PORT),
    POLYTAPE_HOME: paths.home,
    SECRETS_FOLDER: paths.secrets,
  };
}

function passedOn(settings: StackSettings): Record<string, string> {
  const names = Object.keys(passedOnSettings) as (keyof typeof passedOnSettings)[];
  return Object.fromEntries(
    names.flatMap((name) => (settings[name] === undefined ? [] : [[name, String(settings[name])]])),
  );
}

function simulatorUrls(url: string | null): Record<string, string> {
  if (url === null) return {};
  return {
    POLYMARKET_GAMMA_URL: `${url}/gamma`,
    POLYMARKET_DATA_URL: `${url}/data`,
    POLYMARKET_CLOB_URL: `${url}/clob`,
    POLYMARKET_WS_URL: `${url.replace(/^http/, "ws")}/ws/market`,
  };
}

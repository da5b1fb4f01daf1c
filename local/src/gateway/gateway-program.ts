import { dirname, join, resolve } from "node:path";
import { createLog, errorFacts, readEnvironment, readSettings } from "@polytape/function-runtime";
import { gatewaySettings } from "./gateway-settings.ts";
import { startGateway } from "./start-gateway.ts";

/** The gateway as a program: settings from the environment, ends cleanly on SIGTERM and SIGINT. */
async function main(): Promise<void> {
  const environment = readEnvironment();
  const settings = readSettings(gatewaySettings, environment);
  const gateway = await startGateway({
    stackFiles: settings.STACK_FILES,
    environment,
    host: settings.API_BIND_HOST,
    port: settings.API_BIND_PORT,
    home: settings.POLYTAPE_HOME,
    secretsFolder: settings.SECRETS_FOLDER ?? join(settings.POLYTAPE_HOME, "secrets"),
    hostProgram: join(dirname(resolve(process.argv[1] ?? ".")), "function-host.cjs"),
    log,
  });
  log.info("gateway listens", { url: gateway.url });

  const stop = once(async (signal: string) => {
    log.info("gateway stops", { signal });
    await gateway.close();
    process.exit(0);
  });
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => stop(signal).catch(fail));
}

/** A second signal joins the stop that is going on. */
function once(stop: (signal: string) => Promise<void>): (signal: string) => Promise<void> {
  let going: Promise<void> | null = null;
  return (signal) => {
    going ??= stop(signal);
    return going;
  };
}

function fail(error: unknown): void {
  log.error("gateway failed", errorFacts(error));
  process.exit(1);
}

const log = createLog("gateway");
main().catch(fail);

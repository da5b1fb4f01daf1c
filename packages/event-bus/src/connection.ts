import { AuthorizationError, connect, type NatsConnection, type Status } from "@nats-io/transport-node";
import { PolytapeError, withoutCredentials } from "@polytape/market-model";
import { toBusError } from "./bus-errors.ts";
import type { BusSettings } from "./event-bus.ts";

const CONNECT_WITHIN_MS = 5_000;
/** A dead server that keeps the socket open is noticed after about three of these. */
const PING_INTERVAL_MS = 5_000;

/**
 * Connects, and stays connected: a lost server is looked for every quarter second, for ever, also when it
 * refuses the credentials (they may be changed on its side). Throws `bus_unavailable` when the first
 * connection is not made in time.
 */
export async function connectToNats(settings: BusSettings): Promise<NatsConnection> {
  const servers = settings.url.split(",").map((url) => url.trim());
  const withinMs = settings.connectWithinMs ?? CONNECT_WITHIN_MS;
  const options = {
    servers,
    name: settings.clientName,
    ...(settings.user !== undefined && login(settings.user, settings.password)),
    ...(servers.some((url) => url.startsWith("tls://")) && { tls: {} }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    ignoreAuthErrorAbort: true,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
  };
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    try {
      return await connect({ ...options, timeout: 2_000 });
    } catch (error) {
      if (Date.now() + FIRST_PAUSE_MS >= deadlineMs) throw unreachable(settings, error);
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS));
    }
  }
}

const FIRST_PAUSE_MS = 250;

/** Answers come to an inbox below the user's name: so that a server can keep each user to his own. */
function login(user: string, password = "") {
  return { user, pass: password, ...(/^[\w-]+$/.test(user) && { inboxPrefix: `_INBOX.${user}` }) };
}

function unreachable(settings: BusSettings, cause: unknown): PolytapeError {
  const error = toBusError(cause, "connecting");
  // Callers are told the message, so it must not wait for the log to take the login out.
  const url = withoutCredentials(settings.url);
  const sentence =
    cause instanceof AuthorizationError
      ? `NATS at ${url} refused the login.`
      : `NATS cannot be reached at ${url}.`;
  return new PolytapeError(error.kind, "bus_unavailable", sentence, { facts: { url }, cause });
}

/** Calls back with each change of the connection until stopped. */
export function onStatus(connection: NatsConnection, callback: (type: Status["type"]) => void): () => void {
  const statuses = connection.status();
  void (async () => {
    for await (const status of statuses) callback(status.type);
  })();
  return () => {
    if ("stop" in statuses && typeof statuses.stop === "function") statuses.stop();
  };
}

/** Whether the connection stands right now. */
export function trackConnected(connection: NatsConnection): () => boolean {
  let connected = true;
  onStatus(connection, (type) => {
    if (type === "reconnect") connected = true;
    if (type === "disconnect" || type === "close") connected = false;
  });
  return () => connected && !connection.isClosed();
}

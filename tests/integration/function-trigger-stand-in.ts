import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connectEventBus, type EventBus } from "@polytape/event-bus";
import { createLog, readSettings } from "@polytape/function-runtime";
import { functionTriggerSettings, runFunctionTrigger } from "@polytape/function-trigger";

export interface StandInCall {
  readonly name: string;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
  readonly atMs: number;
}

/** A gateway whose functions are answers of the test: the real one is tested from end to end elsewhere. */
export interface StandInGateway {
  readonly url: string;
  readonly port: number;
  /** What is deployed: name → annotations. */
  readonly deployed: Map<string, Record<string, string>>;
  readonly calls: StandInCall[];
  /** Most calls of one function that ever ran at once. */
  readonly atOnceMax: () => number;
  /** Called for each call; its status is the answer. "die" cuts the connection. */
  answer: (call: StandInCall) => number | "die" | Promise<number | "die">;
  stop(): Promise<void>;
}

export const STAND_IN_LOGIN = { user: "operator", password: "secret" };

export async function startStandInGateway(port = 0): Promise<StandInGateway> {
  const running = new Map<string, number>();
  let atOnceMax = 0;
  const gateway = {
    deployed: new Map<string, Record<string, string>>(),
    calls: [] as StandInCall[],
    answer: (() => 200) as StandInGateway["answer"],
  };
  const server = createServer(async (request, response) => {
    if (request.url === "/system/functions") {
      const { user, password } = STAND_IN_LOGIN;
      const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
      const list = [...gateway.deployed].map(([name, annotations]) => ({ name, annotations }));
      response.writeHead(request.headers.authorization === wanted ? 200 : 401).end(JSON.stringify(list));
      return;
    }
    const name = request.url?.replace("/function/", "") ?? "";
    const call = { name, body: await readBody(request), headers: request.headers, atMs: Date.now() };
    gateway.calls.push(call);
    running.set(name, (running.get(name) ?? 0) + 1);
    atOnceMax = Math.max(atOnceMax, running.get(name) ?? 0);
    const status = await gateway.answer(call);
    running.set(name, (running.get(name) ?? 1) - 1);
    if (status === "die") request.socket.destroy();
    else response.writeHead(status).end(`answer ${status}`);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  return Object.assign(gateway, {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    atOnceMax: () => atOnceMax,
    stop: () => stopServer(server),
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

export interface StartedTrigger {
  readonly lines: string[];
  readonly bus: EventBus;
  /** As SIGTERM: resolves when drained. */
  drain(): Promise<{ drained: boolean }>;
}

/** The whole trigger inside the test, with short times. */
export async function startTrigger(
  urls: { nats: string; gateway: string },
  more: Record<string, string> = {},
): Promise<StartedTrigger> {
  const settings = readSettings(functionTriggerSettings, {
    NATS_URL: urls.nats,
    OPENFAAS_URL: urls.gateway,
    BASIC_AUTH_USER: STAND_IN_LOGIN.user,
    BASIC_AUTH_PASSWORD: STAND_IN_LOGIN.password,
    TRIGGER_DISCOVERY_INTERVAL_MS: "100",
    TRIGGER_DELAY_MAX_MS: "50",
    TRIGGER_ACKNOWLEDGE_WITHIN_MS: "1000",
    ...more,
  });
  const lines: string[] = [];
  const stop = new AbortController();
  const bus = await connectEventBus({ url: urls.nats, clientName: "trigger-under-test" });
  const log = createLog("function-trigger", (line) => lines.push(line));
  const ended = runFunctionTrigger({ settings, bus, log, now: Date.now, stop: stop.signal });
  let drained: Promise<{ drained: boolean }> | null = null;
  return {
    lines,
    bus,
    drain: () => {
      stop.abort();
      drained ??= ended.finally(() => bus.close());
      return drained;
    },
  };
}

import { applyTopology } from "@polytape/event-bus";
import { findFreePorts, type RunningServer, startNats } from "@polytape/local";
import { topology } from "@polytape/nats";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type StandInGateway,
  type StartedTrigger,
  startStandInGateway,
  startTrigger,
} from "./function-trigger-stand-in.ts";

let nats: RunningServer;
let gateway: StandInGateway;
let trigger: StartedTrigger;
let url: string;
let port: number;
const rarely = { marketsMs: 3_600_000, tradesMs: 1_000, booksMs: 3_600_000 };

beforeEach(async () => {
  [port = 0] = await findFreePorts(1);
  url = `http://127.0.0.1:${port}`;
  nats = await startNats();
  gateway = await startStandInGateway();
  await applyTopology({ url: nats.url, clientName: "test" }, topology(rarely, 1));
});

afterEach(async () => {
  await trigger.drain();
  await gateway.stop();
  await nats.stop();
});

async function start(more: Record<string, string> = {}): Promise<void> {
  const settings = { TRIGGER_DELIVERIES_MAX: "3", TRIGGER_METRICS_PORT: String(port), ...more };
  trigger = await startTrigger({ nats: nats.url, gateway: gateway.url }, settings);
}

const until = (isSo: () => boolean | Promise<boolean>) =>
  vi.waitUntil(isSo, { timeout: 20_000, interval: 50 });
const metrics = async () => (await fetch(`${url}/metrics`)).text();
const shows = (line: string) => until(async () => (await metrics()).includes(`${line}\n`));

test("tells calls by function and status, retries, dead letters and what waits", async () => {
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  gateway.answer = () => 500;
  await start();
  await until(async () => (await fetch(url).catch(() => null)) !== null);
  await trigger.bus.publish("job.rebuild.day", { day: 1 });
  await shows('polytape_trigger_dead_letters_total{function="rebuild"} 1');
  let free = () => {};
  gateway.answer = () =>
    new Promise((resolve) => {
      free = () => resolve(200);
    });
  for (let day = 0; day < 4; day += 1) await trigger.bus.publish("job.rebuild.day", { day });

  await shows('polytape_trigger_waiting_messages{function="rebuild",topic="job.rebuild.>"} 3');
  const text = await metrics();
  gateway.answer = () => 200;
  free();

  expect(text).toContain('polytape_trigger_calls_total{function="rebuild",status="500"} 3');
  expect(text).toContain('polytape_trigger_retries_total{function="rebuild"} 2');
  await shows('polytape_trigger_calls_total{function="rebuild",status="200"} 4');
  await shows('polytape_trigger_acknowledged_total{function="rebuild"} 4');
  await shows('polytape_trigger_waiting_messages{function="rebuild",topic="job.rebuild.>"} 0');
});

// A tick every second, and a call that takes more than three.
test("counts the ticks that nobody could take while a call took longer than their beat", async () => {
  gateway.deployed.set("ingest-trades", { topic: "tick.ingest-trades", schedule: "1000ms" });
  let first = true;
  gateway.answer = () => {
    if (!first) return 200;
    first = false;
    return new Promise((resolve) => setTimeout(() => resolve(200), 3_600));
  };
  await start();

  await until(async () =>
    /ticks_skipped_total\{function="ingest-trades"\} [1-9]/.test(await metrics().catch(() => "")),
  );
});

test("is healthy while the bus and the gateway answer, and says which does not", async () => {
  await start();
  await until(async () => (await fetch(`${url}/healthz`).catch(() => null))?.status === 200);

  await nats.kill();
  await until(async () => (await fetch(`${url}/healthz`)).status === 503);
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ nats: false, gateway: true });
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  expect([(await fetch(`${url}/other`)).status, (await fetch(url, { method: "POST" })).status]).toEqual([
    404, 405,
  ]);

  nats = await startNats({ home: nats.home, port: nats.port });
  await until(async () => (await fetch(`${url}/healthz`)).status === 200);
});

test("listens nowhere unless a port is set", async () => {
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  await start({ TRIGGER_METRICS_PORT: "0" });
  await until(() => trigger.lines.some((line) => line.includes("started")));

  await expect(fetch(url)).rejects.toThrow();
});

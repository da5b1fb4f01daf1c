import { findFreePorts, startNats } from "@polytape/local";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aTriggerWorld, type TriggerWorld, until } from "./a-trigger-world.ts";
import type { StandInGateway, StartedTrigger } from "./function-trigger-stand-in.ts";

let world: TriggerWorld;
let gateway: StandInGateway;
let trigger: StartedTrigger;
let url: string;
let port: number;

beforeEach(async () => {
  [port = 0] = await findFreePorts(1);
  url = `http://127.0.0.1:${port}`;
  world = await aTriggerWorld({ tradesMs: 1_000 });
  ({ gateway } = world);
});

afterEach(() => world.stop());

async function start(more: Record<string, string> = {}): Promise<void> {
  const settings = { TRIGGER_DELIVERIES_MAX: "3", TRIGGER_METRICS_PORT: String(port), ...more };
  trigger = await world.start(settings);
}

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

  await world.nats.kill();
  await until(async () => (await fetch(`${url}/healthz`)).status === 503);
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ nats: false, gateway: true });
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  expect([(await fetch(`${url}/other`)).status, (await fetch(url, { method: "POST" })).status]).toEqual([
    404, 405,
  ]);

  const { home, port: natsPort } = world.nats;
  world.nats = await startNats({ home, port: natsPort });
  await until(async () => (await fetch(`${url}/healthz`)).status === 200);
});

test("listens nowhere unless a port is set", async () => {
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  await start({ TRIGGER_METRICS_PORT: "0" });
  await until(() => trigger.lines.some((line) => line.includes("started")));

  await expect(fetch(url)).rejects.toThrow();
});

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connectEventBus } from "@polytape/event-bus";
import { findRepository } from "@polytape/local";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Program, startProgram } from "./a-program.ts";
import { aTriggerWorld, type TriggerWorld, until } from "./a-trigger-world.ts";
import { STAND_IN_LOGIN, type StandInGateway } from "./function-trigger-stand-in.ts";

/** The trigger as `node function-trigger.cjs`: settings, signals, exit codes. */
const folder = mkdtempSync(join(tmpdir(), "function-trigger-"));
const secrets = join(folder, "secrets");
let world: TriggerWorld;
let gateway: StandInGateway;
const started: Program[] = [];

beforeAll(async () => {
  const repository = findRepository();
  const tsup = join(repository, "node_modules/.bin/tsup");
  await promisify(execFile)(tsup, ["--out-dir", folder], {
    cwd: join(repository, "services/function-trigger"),
  });
  mkdirSync(secrets);
  writeFileSync(join(secrets, "basic-auth-user"), STAND_IN_LOGIN.user);
  writeFileSync(join(secrets, "basic-auth-password"), `${STAND_IN_LOGIN.password}\n`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  world = await aTriggerWorld();
  ({ gateway } = world);
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
});

afterEach(async () => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
  await world.stop();
});

function startTrigger(more: Record<string, string> = {}): Program {
  const program = startProgram(join(folder, "function-trigger.cjs"), {
    NATS_URL: world.nats.url,
    OPENFAAS_URL: gateway.url,
    SECRETS_FOLDER: secrets,
    TRIGGER_ACKNOWLEDGE_WITHIN_MS: "1000",
    TRIGGER_DISCOVERY_INTERVAL_MS: "100",
    ...more,
  });
  started.push(program);
  return program;
}

async function publish(data: unknown): Promise<void> {
  const bus = await connectEventBus({ url: world.nats.url, clientName: "test" });
  await bus.publish("job.rebuild.day", data);
  await bus.close();
}

test("ends after SIGTERM with 0 when the call in flight is over, takes no more, and repeats nothing", async () => {
  let release: (status: number) => void = () => {};
  gateway.answer = () => new Promise((resolve) => (release = resolve));
  const first = startTrigger();
  await publish({ job: 1 });
  await publish({ job: 2 });
  await until(() => gateway.calls.length === 1);

  first.child.kill("SIGTERM");
  await until(() => first.output().includes("draining"));
  release(200);
  const code = await first.exit;
  gateway.answer = () => 200;
  startTrigger();
  await until(() => gateway.calls.length === 2);

  expect(code).toBe(0);
  expect(first.output()).toContain("ended drained=true");
  expect(gateway.calls.map((call) => call.body)).toEqual(['{"job":1}', '{"job":2}']);
});

test("delivers again what a killed trigger had taken", async () => {
  gateway.answer = (call) => (call === gateway.calls[0] ? new Promise(() => {}) : 200);
  const first = startTrigger();
  await publish({ job: 1 });
  await until(() => gateway.calls.length === 1);

  first.child.kill("SIGKILL");
  await first.exit;
  startTrigger();
  await until(() => gateway.calls.length === 2);

  expect(gateway.calls[1]).toMatchObject({ body: '{"job":1}' });
  expect(gateway.calls[1]?.headers["x-nats-deliveries"]).toBe("2");
});

test("gives up calls that do not end in time, and ends with 0 all the same", async () => {
  gateway.answer = () => new Promise(() => {});
  const program = startTrigger({ TRIGGER_DRAIN_MAX_MS: "300" });
  await publish({ job: 1 });
  await until(() => gateway.calls.length === 1);

  program.child.kill("SIGTERM");

  expect(await program.exit).toBe(0);
  expect(program.output()).toContain("ended drained=false");
});

test("waits for a NATS that is not there yet, and ends soon when asked to meanwhile", async () => {
  const early = startTrigger({ NATS_URL: "nats://127.0.0.1:1" });
  await until(() => early.output().includes("waiting for NATS"));

  early.child.kill("SIGTERM");

  expect(await early.exit).toBe(0);
});

test("ends with 0 also while NATS is away", async () => {
  const program = startTrigger();
  await until(() => program.output().includes("started function=rebuild"));
  await world.nats.kill();

  program.child.kill("SIGTERM");

  expect(await program.exit).toBe(0);
  expect(program.output()).toContain("ended drained=true");
});

test("stops the start with all faults in one line", async () => {
  const program = startTrigger({ NATS_URL: "", OPENFAAS_URL: "ftp://gateway", TRIGGER_DELIVERIES_MAX: "0" });

  expect(await program.exit).toBe(1);

  const lines = program.output().trim().split("\n");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/NATS_URL.*OPENFAAS_URL.*TRIGGER_DELIVERIES_MAX/);
});

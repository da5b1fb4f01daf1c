import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  buildGatewayPrograms,
  type GatewayFixture,
  type GatewayPrograms,
  gatewayFixture,
} from "@polytape/local/gateway/testing";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Program, startProgram } from "./a-program.ts";

/** The gateway as `node gateway.cjs`: how it starts, drains and ends, its functions with it. */
const HANDLER = `
const { existsSync, writeFileSync } = require("node:fs");
const { env } = process;
module.exports = async (event) => {
  if (event.path !== "/") writeFileSync(env.GATE + ".reached", "");
  if (event.path === "/block") for (;;);
  if (event.path === "/hold") {
    while (!existsSync(env.GATE)) await new Promise((go) => setTimeout(go, 10));
    return "held to the end";
  }
  return "here";
};`;

let programs: GatewayPrograms;
let fixture: GatewayFixture;
const started: Program[] = [];

beforeAll(async () => {
  programs = await buildGatewayPrograms();
});

afterAll(() => programs?.remove());

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
  fixture.remove();
});

function startGateway(more: Record<string, string> = {}): Program {
  const program = startProgram(programs.gateway, {
    STACK_FILES: fixture.options.stackFiles.join(","),
    POLYTAPE_HOME: fixture.options.home,
    SECRETS_FOLDER: fixture.options.secretsFolder,
    API_BIND_PORT: "0",
    GATE: join(fixture.folder, "gate"),
    ...more,
  });
  started.push(program);
  return program;
}

const gated = { handler: HANDLER, environment: { GATE: `$\{GATE}` } };

async function urlOf(program: Program): Promise<string> {
  return vi.waitFor(
    () => {
      const url = /gateway listens url=(\S+)/.exec(program.output())?.[1];
      if (url === undefined) throw new Error(`The gateway does not listen yet: ${program.output()}`);
      return url;
    },
    { timeout: 15_000 },
  );
}

/** The call has come as far as the handler. */
const reached = () =>
  vi.waitFor(() => expect(existsSync(join(fixture.folder, "gate.reached"))).toBe(true), { timeout: 5_000 });
const recordFile = () => join(fixture.options.home, "run", "functions.json");
const pidOf = (name: string): number => JSON.parse(readFileSync(recordFile(), "utf8"))[name].pid;
const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !isZombie(pid);
const isZombie = (pid: number) => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");

test("SIGTERM lets the call in flight finish, takes no new ones, and leaves no process", async () => {
  fixture = gatewayFixture({ held: gated }, { hostProgram: "" });
  const program = startGateway();
  const url = await urlOf(program);
  const pid = pidOf("held");

  const held = fetch(`${url}/function/held/hold`);
  await reached();
  program.child.kill("SIGTERM");
  await vi.waitFor(() => expect(fetch(`${url}/healthz`)).rejects.toThrow());
  writeFileSync(join(fixture.folder, "gate"), "open");

  expect(await (await held).text()).toBe("held to the end");
  expect(await program.exit).toBe(0);
  expect(isAlive(pid)).toBe(false);
});

test("functions end by themselves when the gateway is killed", async () => {
  fixture = gatewayFixture({ held: gated }, { hostProgram: "" });
  const program = startGateway();
  await urlOf(program);
  const pid = pidOf("held");

  program.child.kill("SIGKILL");

  expect(await program.exit).toBe("SIGKILL");
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
});

test("the next gateway ends a function that was too busy to notice the end of the last one", async () => {
  fixture = gatewayFixture({ held: gated }, { hostProgram: "" });
  const first = startGateway();
  fetch(`${await urlOf(first)}/function/held/block`).catch(() => {});
  const pid = pidOf("held");
  await reached();
  first.child.kill("SIGKILL");
  await first.exit;

  await urlOf(startGateway());

  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
  expect(pidOf("held")).not.toBe(pid);
});

test("a function killed while it blocks is not waited for when the gateway stops", async () => {
  fixture = gatewayFixture(
    { held: { ...gated, environment: { ...gated.environment, exec_timeout: "200ms" } } },
    { hostProgram: "" },
  );
  const program = startGateway();
  const url = await urlOf(program);
  const pid = pidOf("held");

  expect((await fetch(`${url}/function/held/block`)).status).toBe(504);
  program.child.kill("SIGTERM");

  expect(await program.exit).toBe(0);
  expect(isAlive(pid)).toBe(false);
});

test.each([
  ["a wrong setting", { API_BIND_PORT: "many" }, "API_BIND_PORT"],
  ["a stack file that is not there", { STACK_FILES: "absent.yml" }, "absent.yml"],
])("%s stops the start with its reason", async (_, environment, reason) => {
  fixture = gatewayFixture({}, { hostProgram: "" });
  const program = startGateway(environment);

  expect(await program.exit).toBe(1);
  expect(program.output()).toContain(reason);
});

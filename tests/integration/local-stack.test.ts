import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ChildName, QUICK_JAVA, type RunningStack, startStack } from "@polytape/local";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

const SETTINGS = { OPENSEARCH_HEAP: "256m", OPENSEARCH_JAVA_OPTS: QUICK_JAVA.join(" ") };
const stacks: RunningStack[] = [];
let stack: RunningStack;

beforeAll(async () => {
  stack = await startStack({ simulator: { seed: 3 }, settings: SETTINGS });
  stacks.push(stack);
}, 240_000);

afterAll(async () => {
  for (const each of stacks) await each.stop();
}, 120_000);

it("answers healthy when the start returns", async () => {
  const health = await fetch(`${stack.urls.gateway}/health`);

  expect(health.status).toBe(200);
});

it("runs the servers as a user without rights", () => {
  const { opensearch = 0, nats = 0 } = stack.pids();

  expect([userOf(opensearch), userOf(nats)]).not.toContain(0);
});

it("keeps secrets in files that only their owner can read", () => {
  const listed = readFileSync(join(stack.home, "secrets/basic-auth-password"), "utf8");

  expect(listed).toBe(stack.secrets.basicAuthPassword);
  expect(JSON.stringify(stack.environment)).not.toContain(stack.secrets.basicAuthPassword);
});

it.each<ChildName>(["function-trigger", "gateway", "simulator", "nats", "opensearch"])(
  "starts %s again after a SIGKILL, and is healthy again",
  async (name) => {
    const before = stack.process(name)?.pid ?? 0;
    process.kill(before, "SIGKILL");

    await vi.waitFor(() => expect(stack.process(name)).toMatchObject({ state: "running", restarts: 1 }), {
      timeout: 60_000,
    });
    expect(stack.process(name)?.pid).not.toBe(before);
    await vi.waitFor(async () => expect((await fetch(`${stack.urls.gateway}/health`)).status).toBe(200), {
      timeout: 30_000,
      interval: 200,
    });
  },
  100_000,
);

it("runs a second copy beside it, keeps its data over a stop, and leaves no process behind", async () => {
  const second = await startStack({ settings: { ...SETTINGS, ...QUIET }, home: join(stack.home, "second") });
  stacks.push(second);
  const pids = Object.values(second.pids());
  expect(pids).toHaveLength(4);
  const url = `${second.urls.openSearch}/kept/_doc/1?refresh=true`;
  const headers = { "content-type": "application/json" };
  expect((await fetch(url, { method: "PUT", headers, body: "{}" })).status).toBe(201);

  await second.stop();

  expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  expect(existsSync(join(second.home, "opensearch/data"))).toBe(true);
  expect((await fetch(`${stack.urls.gateway}/health`)).status).toBe(200);
  const again = await startStack({ settings: { ...SETTINGS, ...QUIET }, home: second.home });
  stacks.push(again);
  expect((await fetch(`${again.urls.openSearch}/kept/_doc/1`)).status).toBe(200);
}, 240_000);

/** A copy without an upstream: it collects nothing. */
const QUIET = { COLLECT_MARKETS: "false", COLLECT_TRADES: "false", COLLECT_BOOKS: "false" };

function userOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

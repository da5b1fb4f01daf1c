import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { newKeyText } from "@polytape/api-access";
import { commands, connectTools, run } from "@polytape/cli";
import { applyTopology, connectEventBus } from "@polytape/event-bus";
import { findRepository, QUICK_JAVA, type RunningStack, startStack } from "@polytape/local";
import { topology } from "@polytape/nats";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

/** The whole stack with its simulator; one part after the other is stopped or spoilt, and mended again. */
const SETTINGS = { OPENSEARCH_HEAP: "256m", OPENSEARCH_JAVA_OPTS: QUICK_JAVA.join(" ") };
/** What a look may take when a server takes connections and says nothing, with room for a busy machine. */
const WITHIN_MS = 20_000;

let stack: RunningStack;

beforeAll(async () => {
  stack = await startStack({ simulator: { seed: 4 }, settings: SETTINGS });
  await vi.waitUntil(async () => (await doctor()).status === 0, { timeout: 60_000, interval: 1_000 });
}, 300_000);

afterAll(async () => {
  await stack?.stop();
}, 120_000);

async function doctor(more: Record<string, string> = {}) {
  const out: string[] = [];
  const errors: string[] = [];
  const tell = (line: string) => void errors.push(line);
  const environment = { ...stack.environment, ...more };
  const io = { tell, readInput: async () => "" };
  const { tools, close } = connectTools(environment, (line) => void out.push(line), io);
  const startedMs = performance.now();
  const stackFile = join(findRepository(), "stack.yml");
  const status = await run(commands, ["doctor", "--json", "--stack", stackFile], tools, tell);
  const tookMs = performance.now() - startedMs;
  await close();
  const found = new Map(out.map((line) => [String(JSON.parse(line).check), JSON.parse(line)]));
  const failed = [...found.values()].filter(({ verdict }) => verdict === "failed").map(({ check }) => check);
  return { status, found, failed, tookMs, all: [...out, ...errors].join("\n") };
}

type Seen = Awaited<ReturnType<typeof doctor>>;

/** What doctor says when it says what is waited for: the next look may find something else on a busy machine. */
async function doctorWhen(isSaid: (seen: Seen) => boolean): Promise<Seen> {
  let seen = await doctor();
  const look = async () => {
    if (isSaid(seen)) return true;
    seen = await doctor();
    return false;
  };
  await vi.waitUntil(look, { timeout: 60_000, interval: 500 });
  return seen;
}

async function healthyAgain(): Promise<void> {
  await vi.waitUntil(async () => (await doctor()).status === 0, { timeout: 60_000, interval: 500 });
}

/** Frozen, not killed: what is killed the supervisor starts again at once. */
async function whileFrozen(
  name: "gateway" | "opensearch" | "nats" | "function-trigger",
  look: () => Promise<void>,
) {
  const pid = stack.pids()[name] ?? 0;
  process.kill(pid, "SIGSTOP");
  try {
    await look();
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await healthyAgain();
}

test("a healthy stack has no failure, and nothing secret is printed", async () => {
  const { status, found, all } = await doctor();

  expect(status).toBe(0);
  for (const check of [
    "gateway",
    "functions",
    "api",
    "opensearch",
    "schema",
    "certificates",
    "nats",
    "streams",
    "schedules",
    "consumers",
    "data folder",
  ])
    expect(found.get(check)).toMatchObject({ verdict: "ok" });
  expect(all).not.toContain(stack.secrets.basicAuthPassword);
  expect(all).not.toContain(stack.secrets.natsPassword);
});

test("a gateway that does not answer fails with what stands behind it, in bounded time", async () => {
  await whileFrozen("gateway", async () => {
    const { status, failed, tookMs } = await doctor();

    expect([status, failed]).toEqual([1, ["gateway", "functions", "runs", "api"]]);
    expect(tookMs).toBeLessThan(WITHIN_MS);
  });
}, 120_000);

test("a store that does not answer fails, and the API says so too", async () => {
  await whileFrozen("opensearch", async () => {
    const { status, failed, tookMs } = await doctor();

    expect(status).toBe(1);
    expect(failed).toEqual(
      expect.arrayContaining(["opensearch", "schema", "disk", "index blocks", "coverage"]),
    );
    expect(failed).not.toContain("nats");
    expect(failed).not.toContain("gateway");
    expect(tookMs).toBeLessThan(WITHIN_MS);
  });
}, 120_000);

test("a bus that does not answer fails, and the store is still told of", async () => {
  await whileFrozen("nats", async () => {
    const { status, failed, tookMs } = await doctor();

    expect(status).toBe(1);
    expect(failed).toEqual(
      expect.arrayContaining(["nats", "streams", "schedules", "consumers", "dead letters"]),
    );
    expect(failed).not.toContain("opensearch");
    expect(tookMs).toBeLessThan(WITHIN_MS);
  });
}, 120_000);

test("a trigger that takes nothing is noticed by what nobody asks for", async () => {
  await whileFrozen("function-trigger", async () => {
    const { failed } = await doctorWhen((seen) => seen.failed.includes("consumers"));
    expect(failed).toEqual(["consumers"]);
  });
}, 120_000);

test("a schedule that is gone, an index that takes nothing and a dead letter are named", async () => {
  const { natsPassword } = stack.secrets;
  const user = stack.environment["NATS_USER"] ?? "";
  const connection = await connect({ servers: stack.urls.nats, user, pass: natsPassword });
  const manager = await jetstreamManager(connection);
  const block = (value: boolean | null) =>
    fetch(`${stack.urls.openSearch}/rejections_v1/_settings`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ "index.blocks.write": value }),
    });
  const bus = await connectEventBus({
    url: stack.urls.nats,
    user,
    password: natsPassword,
    clientName: "test",
  });
  await manager.streams.purge("TRIGGERS", { filter: "schedule.self-check" });
  await block(true);
  await bus.publishDeadLetter({
    id: "build-candles:1",
    functionName: "build-candles",
    subject: "trades.stored.taker",
    data: "{}",
    deliveries: 20,
    status: 500,
    reason: "deliveries exhausted",
    diedAtMs: Date.now(),
  });

  const { failed, found } = await doctor();

  expect(failed).toEqual(["index blocks", "schedules"]);
  expect(found.get("schedules").said).toBe("missing: tick.self-check");
  expect(found.get("index blocks").said).toBe("rejections_v1 (index.blocks.write)");
  expect(found.get("dead letters")).toMatchObject({ verdict: "warning", said: "1 of build-candles" });
  await block(null);
  await bus.close();
  await connection.close();
  // What the cure says: the apply command, on the same server.
  await applyTopology(
    { url: stack.urls.nats, user, password: natsPassword, clientName: "apply" },
    topology({ marketsMs: 10_000, tradesMs: 3_000, booksMs: 10_000 }, 1),
  );
  await healthyAgain();
});

// The trigger's consumers never show it: a tick that failed is replaced by the next one.
test("a function that answers 503 at every call is named, with why and what to do, until it works again", async () => {
  const block = (value: boolean | null) =>
    fetch(`${stack.urls.openSearch}/checkpoints_v1/_settings`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ "index.blocks.write": value }),
    });
  const ingest = () => fetch(`${stack.urls.gateway}/function/ingest-markets`, { method: "POST" });
  // A process that was started a moment ago has not succeeded yet, and is told of in other words.
  await vi.waitUntil(async () => (await ingest()).status === 200, { timeout: 30_000, interval: 200 });
  onTestFinished(() => block(null).then(() => {}));
  await block(true);
  const isRefused = async () => (await (await ingest()).text()).includes("store_read_only");
  await vi.waitUntil(isRefused, { timeout: 30_000, interval: 200 });

  const failing = /ingest-markets has not succeeded for .* \(store_read_only, \d+ times\)/;
  const { found } = await doctorWhen((seen) => failing.test(seen.found.get("runs").said));

  expect(found.get("runs").cure).toContain("read its log");
  await block(null);
  await vi.waitUntil(async () => (await doctor()).found.get("runs").verdict === "ok", {
    timeout: 60_000,
    interval: 500,
  });
}, 180_000);

test("a key and a login that are refused, and a function that is not deployed, are named", async () => {
  const key = newKeyText(randomBytes);

  const { failed, found, all } = await doctor({
    POLYTAPE_API_KEY: key,
    BASIC_AUTH_PASSWORD: "wrong-password",
  });

  expect(failed).toEqual(["functions", "key"]);
  expect(found.get("functions").said).toBe("the gateway refuses the login");
  expect(found.get("key").said).toContain("401");
  expect(all).not.toContain("wrong-password");
  expect(all).not.toContain(key.slice(3));
});

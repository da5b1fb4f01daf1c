import type { DeadLetter } from "@polytape/event-bus";
import { createLog } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { aMessage } from "../testing/a-message.ts";
import { callFunction, type DeliveryParts } from "./call-function.ts";
import { createCallStatistics } from "./call-statistics.ts";
import { createFailureCounts } from "./failure-counts.ts";
import type { FunctionCall } from "./gateway.ts";
import { triggerMetrics } from "./trigger-metrics.ts";

const aFunction = { name: "rebuild", topic: "job.rebuild.>", batch: 1 };

const someRecords = () => ({ statistics: createCallStatistics(), failures: createFailureCounts() });

function somePlace(status: number | null, bury: (letter: DeadLetter) => Promise<void> = async () => {}) {
  const calls: FunctionCall[] = [];
  const lines: string[] = [];
  const metrics = triggerMetrics();
  const parts: DeliveryParts = {
    bus: {
      publishDeadLetter: bury,
      consume: async () => ({ drain: async () => {}, waiting: async () => 0 }),
    },
    gateway: {
      call: async (call) => {
        calls.push(call);
        return { status, reached: true, said: "said" };
      },
    },
    log: createLog("test", (line) => lines.push(line)),
    now: () => 1_000,
    limits: { deliveriesMax: 3, delayMaxMs: 60_000 },
    metrics,
  };
  return { parts, calls, lines, metrics };
}

test("sends one message verbatim, and with a batch annotation always an array", async () => {
  const { parts, calls } = somePlace(200);

  await callFunction(parts, aFunction, [aMessage({ text: '{"a": 1}' })], someRecords());
  await callFunction(parts, { ...aFunction, batch: 4 }, [aMessage({ text: "1" })], someRecords());
  await callFunction(
    parts,
    { ...aFunction, batch: 4 },
    [aMessage({ text: "1" }), aMessage({ text: "2" })],
    someRecords(),
  );

  expect(calls.map((call) => Buffer.from(call.body).toString())).toEqual(['{"a": 1}', "[1]", "[1,2]"]);
});

test("terminates a refused message only after its dead letter was acknowledged", async () => {
  const message = aMessage();
  const order: string[] = [];
  const { parts } = somePlace(400, async (letter) => {
    await Promise.resolve();
    order.push(`letter ${letter.id}`, ...message.answers);
  });

  await callFunction(parts, aFunction, [message], someRecords());

  expect(order).toEqual(["letter rebuild:7"]);
  expect(message.answers).toEqual(["terminate"]);
});

// Terminated without its letter, the message would be gone without a trace.
test("keeps a message whose dead letter could not be written", async () => {
  const message = aMessage();
  const { parts, lines } = somePlace(400, async () => {
    throw new PolytapeError("operating", "bus_refused", "The stream is full.");
  });

  await callFunction(parts, aFunction, [message], someRecords());

  expect(message.answers).toEqual(["retry after 60000"]);
  expect(lines.join("\n")).toContain("bus_refused");
});

test("counts calls, failures and dead letters, and says what failed in one line", async () => {
  const { parts, lines } = somePlace(400);
  const statistics = createCallStatistics();

  await callFunction(parts, aFunction, [aMessage()], { ...someRecords(), statistics });

  expect(statistics.take()).toEqual({ calls: 1, failures: 1, dead_letters: 1, p50_ms: 0 });
  expect(statistics.take()).toBeNull();
  expect(lines[0]).toContain("call failed function=rebuild status=400 verdict=refused said=said");
});

test("tells a sick function from a bad message", async () => {
  const health = (status: number | null) =>
    callFunction(somePlace(status).parts, aFunction, [aMessage()], someRecords());

  expect(await Promise.all([200, 400, 503, null].map(health))).toEqual([
    "succeeded",
    "refused",
    "hindered",
    "failed",
  ]);
});

test.each([
  [200, "acknowledged"],
  [503, "retries"],
  [null, "retries"],
  [400, "dead_letters"],
])("an answer %s is counted as a call of that status and a message of %s", async (status, name) => {
  const { parts, metrics } = somePlace(status);

  await callFunction(parts, aFunction, [aMessage()], someRecords());

  const text = await metrics.text([]);
  expect(text).toContain(`polytape_trigger_calls_total{function="rebuild",status="${status ?? "none"}"} 1`);
  expect(text).toContain(`polytape_trigger_${name}_total{function="rebuild"} 1`);
});

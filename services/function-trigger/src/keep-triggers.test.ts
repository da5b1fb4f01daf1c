import { createLog } from "@polytape/function-runtime";
import { expect, test } from "vitest";
import { keepTriggers } from "./keep-triggers.ts";
import type { MisannotatedFunction, TriggeredFunction } from "./triggered-function.ts";

const aFunction = (more: Partial<TriggeredFunction> = {}): TriggeredFunction => ({
  name: "rebuild",
  topics: ["job.rebuild.>"],
  concurrency: 1,
  batch: 1,
  everyMs: null,
  ...more,
});

function someTriggers(options: { startFails?: () => boolean } = {}) {
  const events: string[] = [];
  const lines: string[] = [];
  let deployed: TriggeredFunction[] | null = [];
  const misannotated: MisannotatedFunction[] = [];
  const triggers = keepTriggers({
    gateway: {
      listTriggered: async () => {
        if (deployed === null) throw new Error("gateway away");
        return { triggered: deployed, misannotated };
      },
    },
    log: createLog("test", (line) => lines.push(line)),
    start: async ({ name, concurrency }) => {
      if (options.startFails?.()) throw new Error("no stream");
      events.push(`start ${name} ${concurrency}`);
      return {
        drain: async () => {
          await Promise.resolve();
          events.push(`drained ${name} ${concurrency}`);
        },
        summary: () => null,
        waiting: async () => [],
      };
    },
  });
  const deploy = async (functions: TriggeredFunction[] | null): Promise<void> => {
    deployed = functions;
    await triggers.refresh();
  };
  return { triggers, events, lines, misannotated, deploy };
}

test("starts a function once, however often it is seen", async () => {
  const { triggers, events, deploy } = someTriggers();

  await deploy([aFunction()]);
  await deploy([aFunction()]);
  await triggers.drain();

  expect(events).toEqual(["start rebuild 1", "drained rebuild 1"]);
});

test("starts a changed function anew only after its old calls are over", async () => {
  const { triggers, events, deploy } = someTriggers();

  await deploy([aFunction()]);
  await deploy([aFunction({ concurrency: 2 })]);
  await triggers.drain();

  expect(events).toEqual(["start rebuild 1", "drained rebuild 1", "start rebuild 2", "drained rebuild 2"]);
});

test("leaves everything running while the gateway cannot be asked, and says so once", async () => {
  const { events, lines, deploy } = someTriggers();
  await deploy([aFunction()]);

  await deploy(null);
  await deploy(null);

  expect(events).toEqual(["start rebuild 1"]);
  expect(lines.filter((line) => line.includes("functions unknown"))).toHaveLength(1);
});

test("tries again at every look what could not be started, and says so once", async () => {
  let fails = true;
  const { triggers, events, lines, deploy } = someTriggers({ startFails: () => fails });
  for (let look = 0; look < 3; look += 1) {
    await deploy([aFunction()]);
    await Promise.resolve();
  }

  fails = false;
  await deploy([aFunction()]);
  await new Promise((resolve) => setImmediate(resolve));
  await deploy([aFunction()]);
  await triggers.drain();

  expect(lines.filter((line) => line.includes("not started"))).toHaveLength(1);
  expect(events).toEqual(["start rebuild 1", "drained rebuild 1"]);
});

test("names a function with bad annotations once", async () => {
  const { lines, misannotated, deploy } = someTriggers();
  misannotated.push({ name: "odd", reason: "topic: must be one NATS subject" });

  await deploy([]);
  await deploy([]);

  expect(lines.filter((line) => line.includes("misannotated function=odd"))).toHaveLength(1);
});

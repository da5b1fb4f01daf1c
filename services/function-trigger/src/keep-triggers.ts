import { errorFacts, type Log } from "@polytape/function-runtime";
import type { Gateway } from "./gateway.ts";
import type { RunningTrigger } from "./run-trigger.ts";
import type { Waiting } from "./trigger-metrics.ts";
import type { TriggeredFunction } from "./triggered-function.ts";

/** The triggers that run, kept in step with what is deployed. */
export interface Triggers {
  /** Looks once at what is deployed: starts what is new, replaces what changed, stops what is gone. */
  refresh(): Promise<void>;
  /** One log line per function that was called since the last time. */
  logSummaries(): void;
  /** What waits for the functions that run. */
  waiting(): Promise<Waiting[]>;
  /** The last look at what is deployed was answered. */
  isInformed(): boolean;
  drain(): Promise<void>;
}

interface Slot {
  /** The function as last seen, or null when it is not to run. */
  wanted: string | null;
  /** Ends when the last change asked for has been made. */
  running: Promise<RunningTrigger | null>;
  /** What runs right now. */
  feeding: RunningTrigger | null;
}

export interface TriggerKeeper {
  readonly gateway: Pick<Gateway, "listTriggered">;
  readonly log: Log;
  readonly start: (triggered: TriggeredFunction) => Promise<RunningTrigger>;
}

/** While the gateway cannot be asked, everything stays as it is. */
export function keepTriggers({ gateway, log, start }: TriggerKeeper): Triggers {
  const slots = new Map<string, Slot>();
  const said = new Map<string, string>();
  let informed = false;

  /** Logs a state once, not at every look. */
  function sayOnce(about: string, state: string, say: () => void): void {
    if (said.get(about) !== state) say();
    said.set(about, state);
  }

  function want(name: string, triggered: TriggeredFunction | null): void {
    const slot = slots.get(name) ?? { wanted: null, running: Promise.resolve(null), feeding: null };
    slots.set(name, slot);
    const wanted = triggered === null ? null : JSON.stringify(triggered);
    if (slot.wanted === wanted) return;
    slot.wanted = wanted;
    // One after the other: the old calls must be over before new ones start.
    slot.running = slot.running.then(async (running) => {
      await running?.drain();
      if (running !== null) logSummary(name, running);
      if (running !== null && triggered === null) log.info("stopped", { function: name });
      slot.feeding = triggered === null ? null : await startOrForget(slot, triggered);
      return slot.feeding;
    });
  }

  function logSummary(name: string, running: RunningTrigger): void {
    const summary = running.summary();
    if (summary !== null) log.info("calls", { function: name, ...summary });
  }

  async function startOrForget(slot: Slot, triggered: TriggeredFunction): Promise<RunningTrigger | null> {
    const { name, topics, concurrency, batch } = triggered;
    const topic = topics.join(",");
    try {
      const running = await start(triggered);
      log.info("started", { function: name, topic, concurrency, batch });
      said.delete(`start ${name}`);
      return running;
    } catch (error) {
      // Forgotten, so that the next look tries again.
      if (slot.wanted === JSON.stringify(triggered)) slot.wanted = null;
      const facts = errorFacts(error);
      sayOnce(`start ${name}`, String(facts["reason"]), () =>
        log.warn("not started", { function: name, topic, ...facts }),
      );
      return null;
    }
  }

  return {
    refresh: async () => {
      let found: Awaited<ReturnType<Gateway["listTriggered"]>>;
      try {
        found = await gateway.listTriggered();
        informed = true;
        sayOnce("gateway", "", () => {});
      } catch (error) {
        informed = false;
        const facts = errorFacts(error);
        sayOnce("gateway", String(facts["reason"]), () => log.warn("functions unknown", facts));
        return;
      }
      const present = new Set(found.triggered.map((triggered) => triggered.name));
      for (const [name, slot] of slots) if (!present.has(name) && slot.wanted !== null) want(name, null);
      for (const triggered of found.triggered) want(triggered.name, triggered);
      for (const { name, reason } of found.misannotated) {
        sayOnce(`annotations ${name}`, reason, () => log.warn("misannotated", { function: name, reason }));
      }
    },
    logSummaries: () => {
      for (const [name, { feeding }] of slots) if (feeding !== null) logSummary(name, feeding);
    },
    waiting: async () => {
      const running = [...slots.values()].flatMap(({ feeding }) => feeding ?? []);
      return (await Promise.all(running.map((each) => each.waiting()))).flat();
    },
    isInformed: () => informed,
    drain: async () => {
      for (const name of slots.keys()) want(name, null);
      await Promise.all([...slots.values()].map((slot) => slot.running));
    },
  };
}

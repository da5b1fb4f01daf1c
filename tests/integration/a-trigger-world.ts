import { applyTopology } from "@polytape/event-bus";
import { type RunningServer, startNats } from "@polytape/local";
import { topology } from "@polytape/nats";
import { vi } from "vitest";
import {
  type StandInGateway,
  type StartedTrigger,
  startStandInGateway,
  startTrigger,
} from "./function-trigger-stand-in.ts";

/** A NATS of its own with our streams, a gateway of stand-ins, and triggers between them. */
export interface TriggerWorld {
  /** Whoever starts another in the place of one that went puts it here, so that it is stopped too. */
  nats: RunningServer;
  gateway: StandInGateway;
  start(settings?: Record<string, string>): Promise<StartedTrigger>;
  /** Triggers drain first. */
  stop(): Promise<void>;
}

/** Schedules that no test lives to see fire. */
export const RARELY = { marketsMs: 3_600_000, tradesMs: 3_600_000, booksMs: 3_600_000 };

export async function aTriggerWorld(intervals: Partial<typeof RARELY> = {}): Promise<TriggerWorld> {
  const triggers: StartedTrigger[] = [];
  const world: TriggerWorld = {
    nats: await startNats(),
    gateway: await startStandInGateway(),
    async start(settings) {
      const trigger = await startTrigger({ nats: world.nats.url, gateway: world.gateway.url }, settings);
      triggers.push(trigger);
      return trigger;
    },
    async stop() {
      await Promise.all(triggers.map((trigger) => trigger.drain()));
      await world.gateway.stop();
      await world.nats.stop();
    },
  };
  await applyTopology({ url: world.nats.url, clientName: "test" }, topology({ ...RARELY, ...intervals }, 1));
  return world;
}

export const until = (isSo: () => boolean | Promise<boolean>, timeoutMs = 30_000) =>
  vi.waitUntil(isSo, { timeout: timeoutMs, interval: 20 });

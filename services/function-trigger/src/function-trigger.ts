import type { EventBus } from "@polytape/event-bus";
import type { Log } from "@polytape/function-runtime";
import type { z } from "zod";
import type { functionTriggerSettings } from "../settings.ts";
import { openGateway } from "./gateway.ts";
import { keepTriggers, type Triggers } from "./keep-triggers.ts";
import { pause } from "./pause.ts";
import { runTrigger } from "./run-trigger.ts";
import { serveMetrics } from "./serve-metrics.ts";
import { type TriggerMetrics, triggerMetrics } from "./trigger-metrics.ts";

export type FunctionTriggerSettings = z.output<typeof functionTriggerSettings>;

export interface FunctionTriggerDeps {
  readonly settings: FunctionTriggerSettings;
  readonly bus: EventBus;
  readonly log: Log;
  readonly now: () => number;
  /** Aborted: drain and return. */
  readonly stop: AbortSignal;
}

const SUMMARY_EVERY_MS = 60_000;

/**
 * Turns messages into function calls until it is stopped; then takes no more, and waits a bounded time for
 * the calls in flight. Returns whether all of them ended.
 */
export async function runFunctionTrigger(deps: FunctionTriggerDeps): Promise<{ drained: boolean }> {
  const { settings, bus, log, now, stop } = deps;
  const gateway = openGateway({
    url: settings.OPENFAAS_URL,
    user: settings.BASIC_AUTH_USER,
    password: settings.BASIC_AUTH_PASSWORD,
    callTimeoutMs: settings.TRIGGER_CALL_TIMEOUT_MS,
  });
  const limits = {
    deliveriesMax: settings.TRIGGER_DELIVERIES_MAX,
    delayMaxMs: settings.TRIGGER_DELAY_MAX_MS,
  };
  const metrics = triggerMetrics();
  const triggers = keepTriggers({
    gateway,
    log,
    start: (triggered) =>
      runTrigger(
        { bus, gateway, log, now, limits, metrics },
        triggered,
        settings.TRIGGER_ACKNOWLEDGE_WITHIN_MS,
      ),
  });

  const watchers = await serveWatchers(deps, { triggers, metrics });

  let summarizedMs = now();
  while (!stop.aborted) {
    await triggers.refresh();
    if (now() - summarizedMs >= SUMMARY_EVERY_MS) {
      triggers.logSummaries();
      summarizedMs = now();
    }
    await pause(settings.TRIGGER_DISCOVERY_INTERVAL_MS, stop);
  }

  const overdue = new AbortController();
  const drained = await Promise.race([
    triggers.drain().then(() => true),
    pause(settings.TRIGGER_DRAIN_MAX_MS, overdue.signal).then(() => false),
  ]);
  overdue.abort();
  await watchers?.close();
  return { drained };
}

/** Null when nobody is to be served. */
async function serveWatchers(
  { settings, bus, log }: FunctionTriggerDeps,
  { triggers, metrics }: { triggers: Triggers; metrics: TriggerMetrics },
) {
  const { TRIGGER_METRICS_HOST: host, TRIGGER_METRICS_PORT: port } = settings;
  if (port === 0) return null;
  const watchers = await serveMetrics(
    { host, port },
    {
      metrics: async () => ({
        text: await metrics.text(await triggers.waiting()),
        contentType: metrics.contentType,
      }),
      health() {
        const facts = { nats: bus.isConnected(), gateway: triggers.isInformed() };
        return { isHealthy: facts.nats && facts.gateway, facts };
      },
    },
  );
  log.info("metrics", { host, port: watchers.port });
  return watchers;
}

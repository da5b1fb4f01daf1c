import { httpUrl, natsSettings, wholeNumber } from "@polytape/function-runtime";
import { z } from "zod";

/** Settings of the trigger. */
export const functionTriggerSettings = z.object({
  ...natsSettings,
  /** The gateway: where functions are found and called. */
  OPENFAAS_URL: httpUrl(),
  /** Who may read `/system/functions`. */
  BASIC_AUTH_USER: z.string().default("admin"),
  BASIC_AUTH_PASSWORD: z.string(),
  /** How often deployed functions are looked for, milliseconds. */
  TRIGGER_DISCOVERY_INTERVAL_MS: wholeNumber({ min: 100, max: 600_000 }).default(5_000),
  /** When a call without an answer counts as failed, milliseconds; above every function's own timeout. */
  TRIGGER_CALL_TIMEOUT_MS: wholeNumber({ min: 100, max: 299_000 }).default(120_000),
  /** Deliveries of a job or event that may fail by its own fault before it becomes a dead letter. */
  TRIGGER_DELIVERIES_MAX: wholeNumber({ min: 1, max: 1_000 }).default(20),
  /** The longest pause between two deliveries of a job or event, and between calls of a failing tick, milliseconds. */
  TRIGGER_DELAY_MAX_MS: wholeNumber({ min: 10, max: 3_600_000 }).default(60_000),
  /** When a message taken by a trigger that died is delivered again, milliseconds. */
  TRIGGER_ACKNOWLEDGE_WITHIN_MS: wholeNumber({ min: 1_000, max: 600_000 }).default(30_000),
  /** Where `/metrics` and `/healthz` are, for whoever reaches that address; in a container 0.0.0.0. */
  TRIGGER_METRICS_HOST: z.string().default("127.0.0.1"),
  /** 0: nowhere. */
  TRIGGER_METRICS_PORT: wholeNumber({ min: 0, max: 65_535 }).default(0),
  /** How long calls in flight may take after SIGTERM, milliseconds. */
  TRIGGER_DRAIN_MAX_MS: wholeNumber({ min: 0, max: 300_000 }).default(60_000),
});

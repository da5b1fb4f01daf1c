import type { Topology } from "@polytape/event-bus";
import { type PollIntervals, schedules } from "../schedules.ts";
import { streams } from "../streams.ts";

export { type PollIntervals, schedules } from "../schedules.ts";
export { streams } from "../streams.ts";

/** Key-value buckets: access keys, and what they used. */
export const buckets: readonly string[] = ["api_keys", "api_usage"];

/** All that the system needs to find in NATS. */
export function topology(intervals: PollIntervals, replicas: number): Topology {
  return { streams, schedules: schedules(intervals), buckets, replicas };
}

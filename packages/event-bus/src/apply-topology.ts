import { jetstream } from "@nats-io/jetstream";
import { applySchedules, checkSchedules } from "./apply-schedules.ts";
import { applyBucket, applyStream } from "./apply-streams.ts";
import { toBusError } from "./bus-errors.ts";
import { connectToNats } from "./connection.ts";
import type { BusSettings } from "./event-bus.ts";
import type { Topology, TopologyChange } from "./topology.ts";

/**
 * Makes the server hold the streams, buckets and schedules of the plan, and nothing else among the
 * schedules. May be run again at any moment: what is right already is left alone, so clocks keep their
 * beat. Never deletes a stream or a bucket. A dry run changes nothing and says what would be.
 *
 * Throws `schedule_invalid` (kind input) before it changes anything, `bus_unavailable`, or `bus_refused`
 * (a stream exists with a retention that cannot be changed).
 */
export async function applyTopology(
  settings: BusSettings,
  plan: Topology,
  dryRun = false,
): Promise<TopologyChange[]> {
  checkSchedules(plan);
  const connection = await connectToNats(settings);
  try {
    const client = jetstream(connection, { timeout: 10_000 });
    const manager = await client.jetstreamManager();
    const options = { replicas: plan.replicas, dryRun };
    const changes: TopologyChange[] = [];
    for (const stream of plan.streams) changes.push(await applyStream(manager, stream, options));
    for (const name of plan.buckets) changes.push(await applyBucket(client, name, options));
    return [...changes, ...(await applySchedules(client, manager, plan, dryRun))];
  } catch (error) {
    throw toBusError(error, "applying the streams and schedules");
  } finally {
    await connection.close();
  }
}

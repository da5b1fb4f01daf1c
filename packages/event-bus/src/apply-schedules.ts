import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { PolytapeError } from "@polytape/market-model";
import { configOf } from "./apply-streams.ts";
import type { SchedulePlan, Topology, TopologyChange } from "./topology.ts";

/** The server's own lower bound. */
const EVERY_MIN_MS = 1_000;
/** What a tick carries: nothing, as JSON. */
const TICK_DATA = "{}";

/** Throws `schedule_invalid` that names every schedule the server would refuse or never fire. */
export function checkSchedules(plan: Topology): void {
  const faults = plan.schedules.flatMap((schedule) => faultsOf(schedule));
  if (faults.length === 0) return;
  throw new PolytapeError("input", "schedule_invalid", `Schedules cannot be applied: ${faults.join("; ")}.`, {
    facts: { faults },
  });
}

function faultsOf(schedule: SchedulePlan): string[] {
  const faults: string[] = [];
  if (!Number.isInteger(schedule.everyMs) || schedule.everyMs < EVERY_MIN_MS) {
    faults.push(
      `${schedule.target} every ${schedule.everyMs} ms (the shortest interval is ${EVERY_MIN_MS} ms)`,
    );
  }
  if (schedule.subject === schedule.target) faults.push(`${schedule.target} fires at itself`);
  return faults;
}

/**
 * Publishes the schedules that are new or changed and removes those that are not in the plan, in every
 * stream of the plan that may hold schedules. A schedule is a message on its own subject: publishing on
 * the subject replaces it, purging the subject ends it. Dry: only says which.
 */
export async function applySchedules(
  client: JetStreamClient,
  manager: JetStreamManager,
  plan: Topology,
  dryRun: boolean,
): Promise<TopologyChange[]> {
  const changes: TopologyChange[] = [];
  for (const stream of plan.streams.filter((each) => each.schedules)) {
    // A dry run may find that the stream itself is still to be made.
    const exists = (await configOf(manager, stream.name)) !== null;
    const present = exists ? await readSchedules(manager, stream.name) : new Map<string, HeldSchedule>();
    const wanted = plan.schedules.filter((schedule) => isHeldBy(schedule.subject, stream.subjects));
    for (const schedule of wanted) {
      const change = changeOf(schedule, present.get(schedule.subject));
      if (change !== "unchanged" && !dryRun) await publishSchedule(client, schedule);
      changes.push({ what: "schedule", name: schedule.target, change });
    }
    for (const [subject, held] of present) {
      if (wanted.some((schedule) => schedule.subject === subject)) continue;
      if (!dryRun) await manager.streams.purge(stream.name, { filter: subject });
      changes.push({ what: "schedule", name: held.target, change: "removed" });
    }
  }
  return changes;
}

interface HeldSchedule {
  readonly specification: string;
  readonly target: string;
}

function changeOf(
  schedule: SchedulePlan,
  present: HeldSchedule | undefined,
): "unchanged" | "created" | "updated" {
  if (present === undefined) return "created";
  const isSame = present.specification === specificationOf(schedule) && present.target === schedule.target;
  return isSame ? "unchanged" : "updated";
}

async function publishSchedule(client: JetStreamClient, schedule: SchedulePlan): Promise<void> {
  await client.publish(schedule.subject, TICK_DATA, {
    schedule: { specification: specificationOf(schedule), target: schedule.target },
  });
}

function specificationOf({ everyMs }: SchedulePlan): string {
  return `@every ${everyMs}ms`;
}

/** What the stream holds, by the subject of the schedule. */
export async function readSchedules(
  manager: JetStreamManager,
  streamName: string,
): Promise<Map<string, HeldSchedule>> {
  const info = await manager.streams.info(streamName, { subjects_filter: "schedule.>" });
  const held = new Map<string, HeldSchedule>();
  for (const subject of Object.keys(info.state.subjects ?? {})) {
    const message = await manager.streams.getMessage(streamName, { last_by_subj: subject });
    if (message === null) continue;
    held.set(subject, {
      specification: message.header.get("Nats-Schedule"),
      target: message.header.get("Nats-Schedule-Target"),
    });
  }
  return held;
}

function isHeldBy(subject: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => pattern.endsWith(".>") && subject.startsWith(pattern.slice(0, -1)));
}

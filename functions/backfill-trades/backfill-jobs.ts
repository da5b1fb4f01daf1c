import type { EventBus } from "@polytape/event-bus";
import type { Backfill } from "./backfill-state.ts";

/** Each message is one call's worth of one backfill. */
export const NEXT_JOB = "job.backfill.next";

/** Where a backfill stands: a job for another place is out of date. */
export function positionOf({ startedAtMs, walk, pages }: Backfill): string {
  return `${startedAtMs}:${walk.id}:${pages}`;
}

/** The job that goes on from here. Sent again for the same place, it is the same message. */
export async function sendNextJob(bus: Pick<EventBus, "publish">, state: Backfill): Promise<void> {
  const position = positionOf(state);
  const messageId = `${state.id}:${position}`;
  await bus.publish(NEXT_JOB, { backfill: state.id, position }, { messageId });
}

/** As above for one whose job was lost or never sent: a message of its own, once per turn of the backfill. */
export async function sendJobAnew(bus: Pick<EventBus, "publish">, state: Backfill): Promise<void> {
  const position = positionOf(state);
  const messageId = `${state.id}:${position}:${state.updatedAtMs}`;
  await bus.publish(NEXT_JOB, { backfill: state.id, position }, { messageId });
}

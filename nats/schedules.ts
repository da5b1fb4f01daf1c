import type { SchedulePlan } from "@polytape/event-bus";

/** How often the collectors run, milliseconds. */
export interface PollIntervals {
  readonly marketsMs: number;
  readonly tradesMs: number;
  readonly booksMs: number;
}

/** Finds a backfill that nobody continues; one that goes on sends itself its next tick. */
const BACKFILL_EVERY_MS = 60_000;
/** A day is checked once; hourly, so that a tick that failed does not cost a day. */
const SELF_CHECK_EVERY_MS = 3_600_000;
/** A day falls due once a day; hourly, so that one that was missed is made up for soon. */
const RETENTION_EVERY_MS = 3_600_000;

/** Every clock: the function named in the tick is the one that takes it. */
export function schedules(intervals: PollIntervals): SchedulePlan[] {
  return [
    tick("ingest-markets", intervals.marketsMs),
    tick("ingest-trades", intervals.tradesMs),
    tick("snapshot-book", intervals.booksMs),
    tick("backfill-trades", BACKFILL_EVERY_MS),
    tick("self-check", SELF_CHECK_EVERY_MS),
    tick("enforce-retention", RETENTION_EVERY_MS),
  ];
}

function tick(functionName: string, everyMs: number): SchedulePlan {
  return { subject: `schedule.${functionName}`, target: `tick.${functionName}`, everyMs };
}

import type { StreamPlan } from "@polytape/event-bus";

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Every stream. An age limit on TRIGGERS would delete the schedules themselves, so there is none. */
export const streams: readonly StreamPlan[] = [
  {
    name: "TRIGGERS",
    description: "Schedules and their ticks: a new tick replaces one not yet taken.",
    subjects: ["schedule.>", "tick.>"],
    retention: "limits",
    whenFull: "drop oldest",
    bytesMax: null,
    ageMaxMs: null,
    compressed: false,
    messagesPerSubjectMax: 1,
    repeatsKnownForMs: 2 * MINUTE_MS,
    schedules: true,
  },
  {
    name: "JOBS",
    description: "Work to be done once: each message goes when its one consumer has acknowledged it.",
    subjects: ["job.backfill.>", "job.rebuild.>"],
    retention: "work",
    whenFull: "refuse new",
    bytesMax: 64 * MIB,
    ageMaxMs: null,
    compressed: false,
    messagesPerSubjectMax: null,
    repeatsKnownForMs: 10 * MINUTE_MS,
    schedules: false,
  },
  {
    name: "TRADES_STORED",
    description: "Which minutes of which tokens got trades; kept six hours for every consumer.",
    subjects: ["trades.stored.>"],
    retention: "limits",
    whenFull: "refuse new",
    bytesMax: 2_048 * MIB,
    ageMaxMs: 6 * HOUR_MS,
    compressed: true,
    messagesPerSubjectMax: null,
    repeatsKnownForMs: 2 * MINUTE_MS,
    schedules: false,
  },
  {
    name: "BOOK_CHANGES",
    description: "Verified book changes; when full the oldest go, and that is a recorded gap.",
    subjects: ["book.changes.>"],
    retention: "limits",
    whenFull: "drop oldest",
    bytesMax: 1_024 * MIB,
    ageMaxMs: 24 * HOUR_MS,
    compressed: false,
    messagesPerSubjectMax: null,
    repeatsKnownForMs: 2 * MINUTE_MS,
    schedules: false,
  },
  {
    name: "DEAD_LETTERS",
    description: "Messages given up, with function, last status and reason; listed and replayed by hand.",
    subjects: ["dead.>"],
    retention: "limits",
    whenFull: "refuse new",
    bytesMax: 256 * MIB,
    ageMaxMs: null,
    compressed: false,
    messagesPerSubjectMax: null,
    repeatsKnownForMs: 24 * HOUR_MS,
    schedules: false,
  },
];

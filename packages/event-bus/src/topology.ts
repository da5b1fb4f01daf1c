/** A stream as data: what an operator decides about it. Sizes in bytes, times in milliseconds, null = no limit. */
export interface StreamPlan {
  readonly name: string;
  readonly description: string;
  readonly subjects: readonly string[];
  /** `work`: a message goes when its one consumer has acknowledged it. Cannot be changed later. */
  readonly retention: "limits" | "work";
  /** What happens when it is full: the new message is refused, or the oldest goes. */
  readonly whenFull: "refuse new" | "drop oldest";
  readonly bytesMax: number | null;
  readonly ageMaxMs: number | null;
  /** Kept compressed on disk (S2). `bytesMax` counts what was published all the same. */
  readonly compressed: boolean;
  /** 1: a new message on a subject replaces the one that is there. */
  readonly messagesPerSubjectMax: number | null;
  /** How long a message id is remembered, so that a repeat is not stored again. */
  readonly repeatsKnownForMs: number;
  /** Whether messages may be schedules. */
  readonly schedules: boolean;
}

/** A clock in the server: publishes on `target` every `everyMs` (1 s at least). */
export interface SchedulePlan {
  /** Subject that holds the schedule; in the target's stream, and another subject than the target. */
  readonly subject: string;
  readonly target: string;
  readonly everyMs: number;
}

export interface Topology {
  readonly streams: readonly StreamPlan[];
  readonly schedules: readonly SchedulePlan[];
  /** Key-value buckets, history 1. */
  readonly buckets: readonly string[];
  /** Copies of every stream in a cluster: 1, 3 or 5. */
  readonly replicas: number;
}

export type ChangeKind = "unchanged" | "created" | "updated" | "removed";

/** What `applyTopology` did to one thing, or would do. */
export interface TopologyChange {
  readonly what: "stream" | "schedule" | "bucket";
  readonly name: string;
  readonly change: ChangeKind;
}

import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { openBucket } from "./bucket.ts";
import { toBusError } from "./bus-errors.ts";
import type { StreamPlan, TopologyChange } from "./topology.ts";

export interface ApplyOptions {
  /** Copies of every stream in a cluster. */
  readonly replicas: number;
  /** Nothing is changed. */
  readonly dryRun: boolean;
}

/** Creates the stream, or updates it where it differs from the plan; dry: only says which. */
export async function applyStream(
  manager: JetStreamManager,
  plan: StreamPlan,
  { replicas, dryRun }: ApplyOptions,
): Promise<TopologyChange> {
  const wanted = toStreamConfig(plan, replicas);
  try {
    const existing = await configOf(manager, plan.name);
    if (existing === null) {
      if (!dryRun) await manager.streams.add(wanted);
      return { what: "stream", name: plan.name, change: "created" };
    }
    if (!differs(existing, wanted)) return { what: "stream", name: plan.name, change: "unchanged" };
    if (!dryRun) await manager.streams.update(plan.name, wanted);
    return { what: "stream", name: plan.name, change: "updated" };
  } catch (error) {
    throw toBusError(error, `applying the stream ${plan.name}`);
  }
}

/** Creates the bucket where it is missing; brings only the number of copies up to date; dry: only says which. */
export async function applyBucket(
  client: JetStreamClient,
  name: string,
  { replicas, dryRun }: ApplyOptions,
): Promise<TopologyChange> {
  const manager = await client.jetstreamManager();
  const existing = await configOf(manager, `KV_${name}`);
  if (existing === null) {
    if (!dryRun) await openBucket(client, name, replicas);
    return { what: "bucket", name, change: "created" };
  }
  if (existing.num_replicas === replicas) return { what: "bucket", name, change: "unchanged" };
  if (!dryRun) await manager.streams.update(`KV_${name}`, { num_replicas: replicas });
  return { what: "bucket", name, change: "updated" };
}

/** The stream as it is, null where there is none. */
export async function configOf(manager: JetStreamManager, name: string): Promise<StreamConfig | null> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return null;
    throw error;
  }
}

type WantedConfig = Partial<StreamConfig> & { name: string };

function toStreamConfig(plan: StreamPlan, replicas: number): WantedConfig {
  return {
    name: plan.name,
    description: plan.description,
    subjects: [...plan.subjects],
    storage: StorageType.File,
    retention: plan.retention === "work" ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    discard: plan.whenFull === "refuse new" ? DiscardPolicy.New : DiscardPolicy.Old,
    max_bytes: plan.bytesMax ?? -1,
    max_age: plan.ageMaxMs === null ? 0 : nanos(plan.ageMaxMs),
    max_msgs_per_subject: plan.messagesPerSubjectMax ?? -1,
    compression: plan.compressed ? StoreCompression.S2 : StoreCompression.None,
    duplicate_window: nanos(plan.repeatsKnownForMs),
    num_replicas: replicas,
    allow_direct: true,
    // Left out where unused: a server older than 2.14 refuses what it does not know.
    ...(plan.schedules && { allow_msg_schedules: true }),
  };
}

/** The server adds fields of its own; only the planned ones count. */
function differs(existing: StreamConfig, wanted: WantedConfig): boolean {
  const before: Record<string, unknown> = { ...existing };
  return Object.entries(wanted).some(([key, value]) => JSON.stringify(before[key]) !== JSON.stringify(value));
}

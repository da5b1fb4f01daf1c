import { DiscardPolicy, type JetStreamClient } from "@nats-io/jetstream";
import { readSchedules } from "./apply-schedules.ts";
import { toBusError } from "./bus-errors.ts";

/** What the server holds right now, for an operator's eyes. */
export interface BusState {
  readonly streams: readonly StreamState[];
  readonly schedules: readonly ScheduleState[];
}

export interface StreamState {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
  /** Null: without a limit of its own. */
  readonly bytesMax: number | null;
  readonly whenFull: "refuse new" | "drop oldest";
  readonly consumers: readonly ConsumerState[];
}

export interface ConsumerState {
  readonly name: string;
  readonly subject: string;
  /** Messages not delivered yet. */
  readonly pending: number;
  /** Delivered, and neither acknowledged nor given up. */
  readonly unanswered: number;
  /** Somebody waits for its next message right now. */
  readonly isAskedFor: boolean;
}

export interface ScheduleState {
  readonly target: string;
  /** As the server keeps it: `@every 3000ms`. */
  readonly specification: string;
}

/** Streams and consumers looked at; a server of ours has about ten of each. */
const LOOKED_AT_MAX = 200;

/** A handful of small requests; nothing is changed. Buckets are streams too (`KV_…`). */
export async function inspectBus(client: JetStreamClient): Promise<BusState> {
  try {
    const manager = await client.jetstreamManager();
    const streams: StreamState[] = [];
    const schedules: ScheduleState[] = [];
    for await (const { config, state } of manager.streams.list()) {
      if (streams.length >= LOOKED_AT_MAX) break;
      const consumers: ConsumerState[] = [];
      for await (const consumer of manager.consumers.list(config.name)) {
        if (consumers.length >= LOOKED_AT_MAX) break;
        consumers.push({
          name: consumer.name,
          subject: consumer.config.filter_subject ?? "",
          pending: consumer.num_pending,
          unanswered: consumer.num_ack_pending,
          isAskedFor: consumer.num_waiting > 0,
        });
      }
      streams.push({
        name: config.name,
        messages: state.messages,
        bytes: state.bytes,
        bytesMax: config.max_bytes > 0 ? config.max_bytes : null,
        whenFull: config.discard === DiscardPolicy.New ? "refuse new" : "drop oldest",
        consumers,
      });
      if (config.allow_msg_schedules) schedules.push(...(await readSchedules(manager, config.name)).values());
    }
    return { streams, schedules };
  } catch (error) {
    throw toBusError(error, "looking at the streams");
  }
}

/** The only place that knows NATS: streams, subjects, schedules, key-value buckets. */
export { applyTopology } from "./apply-topology.ts";
export { connectEventBus } from "./connect-event-bus.ts";
export * from "./event-bus.ts";
export type { BusState, ConsumerState, ScheduleState, StreamState } from "./inspect.ts";
export * from "./topology.ts";
export { touchedWindows } from "./touched-windows.ts";
export {
  cutIntoMessages,
  TRADES_STORED_BYTES_MAX,
  type TradesStoredMessage,
  tradesStoredMessage,
  tradesStoredSubject,
} from "./trades-stored.ts";

/** The only place that knows NATS: streams, subjects, schedules, key-value buckets. */
export * from "./event-bus.ts";
export {
  cutIntoMessages,
  TRADES_STORED_BYTES_MAX,
  type TradesStoredMessage,
  tradesStoredMessage,
  tradesStoredSubject,
} from "./trades-stored.ts";

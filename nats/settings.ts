import { natsSettings, wholeNumber } from "@polytape/function-runtime";
import { z } from "zod";

/** The server fires at most once a second. */
const pollIntervalMs = () => wholeNumber({ min: 1_000, max: 86_400_000 });

/** Settings of the apply command. */
export const applySettings = z.object({
  ...natsSettings,
  /** Milliseconds between two runs of ingest-markets. */
  POLL_INTERVAL_MARKETS_MS: pollIntervalMs().default(10_000),
  /** Milliseconds between two runs of ingest-trades. */
  POLL_INTERVAL_TRADES_MS: pollIntervalMs().default(3_000),
  /** Milliseconds between two runs of snapshot-book. */
  POLL_INTERVAL_BOOKS_MS: pollIntervalMs().default(10_000),
  /** Copies of each stream: 1 on a single server, 3 in a cluster. */
  NATS_REPLICAS: wholeNumber({ min: 1, max: 5 }).default(1),
  /** How long to wait for the server, milliseconds. */
  NATS_WAIT_MS: wholeNumber({ min: 0, max: 600_000 }).default(60_000),
});

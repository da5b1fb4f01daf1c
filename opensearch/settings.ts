import { openSearchSettings, wholeNumber } from "@polytape/function-runtime";
import { z } from "zod";

/** What the apply command needs to know. */
export const applySettings = z.object({
  ...openSearchSettings,
  /** Primary shards of every index made from now on. */
  OPENSEARCH_SHARDS: wholeNumber({ min: 1, max: 64 }).default(1),
  /** Copies of every index beside the primary; 0 with one server. */
  OPENSEARCH_REPLICAS: wholeNumber({ min: 0, max: 8 }).default(0),
  /** How long to wait for a server that is starting. */
  OPENSEARCH_WAIT_MS: wholeNumber({ min: 0, max: 600_000 }).default(60_000),
});

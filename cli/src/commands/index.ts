import type { Command } from "../command.ts";
import { backfillCommands } from "./backfill.ts";
import { backupCommands } from "./backup/index.ts";
import { bookCommands } from "./book.ts";
import { candleCommands } from "./candles.ts";
import { coverageCommands } from "./coverage.ts";
import { deadLetterCommands } from "./dead-letters.ts";
import { doctorCommands } from "./doctor/index.ts";
import { keyCommands } from "./keys.ts";
import { marketCommands } from "./markets.ts";
import { meCommands } from "./me.ts";
import { rebuildCommands } from "./rebuild-candles.ts";
import { rejectedCommands } from "./rejected.ts";
import { statusCommands } from "./status.ts";
import { tradeCommands } from "./trades.ts";

/** Everything an operator and a reader can do. */
export const commands: readonly Command[] = [
  ...keyCommands,
  ...deadLetterCommands,
  ...rejectedCommands,
  ...backfillCommands,
  ...rebuildCommands,
  ...statusCommands,
  ...doctorCommands,
  ...backupCommands,
  ...coverageCommands,
  ...tradeCommands,
  ...candleCommands,
  ...bookCommands,
  ...marketCommands,
  ...meCommands,
];

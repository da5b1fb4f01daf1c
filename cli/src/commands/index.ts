import type { Command } from "../command.ts";
import { backfillCommands } from "./backfill.ts";
import { coverageCommands } from "./coverage.ts";
import { deadLetterCommands } from "./dead-letters.ts";
import { keyCommands } from "./keys.ts";
import { rejectedCommands } from "./rejected.ts";
import { statusCommands } from "./status.ts";

/** Everything an operator can do. */
export const commands: readonly Command[] = [
  ...keyCommands,
  ...deadLetterCommands,
  ...rejectedCommands,
  ...backfillCommands,
  ...statusCommands,
  ...coverageCommands,
];

import { toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import { type Command, defineCommand } from "../command.ts";
import { json, LIMIT_DEFAULT, limit } from "../options.ts";
import { tableLines } from "../table.ts";

const list = defineCommand({
  name: "dead-letters list",
  operands: [],
  summary: "messages that no function could take, oldest first",
  options: z.strictObject({
    function: z.string().optional().meta({ description: "only those of this function" }),
    limit,
    json,
  }),
  async run({ options }, tools) {
    const bus = await tools.bus();
    const letters = await bus.listDeadLetters({
      limit: options.limit ?? LIMIT_DEFAULT,
      ...(options.function === undefined ? {} : { functionName: options.function }),
    });
    if (options.json) for (const letter of letters) tools.print(JSON.stringify(letter));
    else if (letters.length === 0) tools.print("There are no dead letters.");
    else {
      const rows = letters.map((letter) => [
        letter.id,
        letter.subject,
        letter.status,
        letter.deliveries,
        toRfc3339(letter.diedAtMs),
        letter.reason,
      ]);
      for (const line of tableLines(["id", "subject", "status", "deliveries", "died", "reason"], rows))
        tools.print(line);
    }
  },
});

export const deadLetterCommands: readonly Command[] = [list];

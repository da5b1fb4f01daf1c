import { toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import { type Command, defineCommand } from "../command.ts";
import { json, LIMIT_DEFAULT, limit } from "../options.ts";
import { tableLines } from "../table.ts";

const list = defineCommand({
  name: "rejected list",
  operands: [],
  summary: "samples of records that were refused, newest first",
  options: z.strictObject({
    kind: z
      .enum(["market", "trade", "book"], "must be market, trade or book")
      .optional()
      .meta({ description: "market, trade or book" }),
    limit,
    json: json.meta({ description: "as JSON with the record as it came, one a line" }),
  }),
  async run({ options }, tools) {
    const store = await tools.store();
    const samples = await store.rejections.findSamples({
      kind: options.kind,
      limit: options.limit ?? LIMIT_DEFAULT,
    });
    if (options.json) for (const sample of samples) tools.print(JSON.stringify(sample));
    else if (samples.length === 0) tools.print("Nothing was rejected.");
    else {
      const rows = samples.map(({ receivedAtMs, kind, reason }) => [toRfc3339(receivedAtMs), kind, reason]);
      for (const line of tableLines(["received", "kind", "reason"], rows)) tools.print(line);
    }
  },
});

export const rejectedCommands: readonly Command[] = [list];

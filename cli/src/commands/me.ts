import { z } from "zod";
import { type Command, defineCommand } from "../command.ts";
import { csvLines, fieldTable, format } from "../reading/output.ts";
import { readAnswer } from "../reading/read-answer.ts";
import { tableLines } from "../table.ts";

const me = defineCommand({
  name: "me",
  operands: [],
  summary: "your key: plan, end, limits and use by day (over the API)",
  options: z.strictObject({ format }),
  async run({ options: { format } }, tools) {
    const answer = await readAnswer(await tools.api(), "v1/me", {}, meAnswer);
    const { usage, limits, ...key } = answer;
    const days = usage.by_day.map(({ day, requests }) => [day, requests]);
    if (format === "json") return tools.print(JSON.stringify(answer));
    if (format === "csv") return csvLines([["day", "requests"], ...days]).forEach(tools.print);
    fieldTable({ ...key, ...limits, today: usage.today, resets_at: usage.resets_at }).forEach(tools.print);
    tools.print("");
    tableLines(["day (UTC)", "requests"], days).forEach(tools.print);
  },
});

const meAnswer = z.looseObject({
  limits: z.record(z.string(), z.number()),
  usage: z.looseObject({
    today: z.number(),
    resets_at: z.string(),
    by_day: z.array(z.object({ day: z.string(), requests: z.number() })),
  }),
});

export const meCommands: readonly Command[] = [me];

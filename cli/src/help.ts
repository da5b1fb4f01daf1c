import { z } from "zod";
import type { Command } from "./command.ts";
import { isFlag, operandText } from "./parse-command.ts";
import { tableLines } from "./table.ts";

/** One line per command. */
export function overview(commands: readonly Command[]): string[] {
  const rows = commands.map((command) => [`  polytape ${callOf(command)}`, command.summary]);
  return [
    "polytape: the operator's and the reader's command",
    "",
    ...tableLines(["", ""], rows).slice(1),
    "",
    "polytape <command> --help tells of its options, polytape --version which one this is. Servers are found by NATS_URL and OPENSEARCH_URL,",
    "the API by POLYTAPE_URL; it is asked with the key in POLYTAPE_API_KEY.",
    "Exit status: 0 done, 1 a server is away or refused, 2 the call was wrong,",
    "3 all is printed, but not proven complete: the error output says what is missing",
    "(trades, candles, book, markets, and coverage over the API).",
  ];
}

/** How one command is called. */
export function commandHelp(command: Command): string[] {
  const options = Object.entries(command.options.shape).map(([name, schema]) => {
    const required = schema.safeParse(undefined).success ? "" : " (required)";
    return [`  --${name}${isFlag(schema) ? "" : " …"}`, `${descriptionOf(schema)}${required}`];
  });
  return [
    `polytape ${callOf(command)}${options.length > 0 ? " [options]" : ""}`,
    `  ${command.summary}`,
    ...(options.length > 0 ? ["", ...tableLines(["", ""], options).slice(1)] : []),
  ];
}

function descriptionOf(schema: unknown): string {
  if (!(schema instanceof z.ZodType)) return "";
  return (
    schema.meta()?.description ?? (schema instanceof z.ZodOptional ? descriptionOf(schema.unwrap()) : "")
  );
}

function callOf({ name, operands }: Command): string {
  return [name, ...operands.map(operandText)].join(" ");
}

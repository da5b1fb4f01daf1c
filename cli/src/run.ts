import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { Command, Tools } from "./command.ts";
import { commandHelp, overview } from "./help.ts";
import { type Call, parseCommand } from "./parse-command.ts";

/** 0 done, 1 a server is away or refused, 2 the call was wrong. */
export type ExitStatus = 0 | 1 | 2;

/** Does what the words say; what goes wrong is told in one sentence. */
export async function run(
  commands: readonly Command[],
  words: readonly string[],
  tools: Tools,
  printError: (line: string) => void,
): Promise<ExitStatus> {
  if (words.length === 0 || ["help", "--help", "-h"].includes(words[0] ?? "")) {
    for (const line of overview(commands)) tools.print(line);
    return words.length === 0 ? 2 : 0;
  }
  try {
    await runCall(parseCommand(commands, words), tools);
    return 0;
  } catch (error) {
    printError(`polytape: ${sentenceOf(error)}`);
    return isWrongCall(error) ? 2 : 1;
  }
}

async function runCall({ command, operands, options, help }: Call, tools: Tools): Promise<void> {
  if (help) for (const line of commandHelp(command)) tools.print(line);
  else await command.run(operands, options, tools);
}

function sentenceOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map((issue) => `--${issue.path.join(".")} ${faultOf(issue)}`).join("; ");
  return error instanceof Error ? error.message : String(error);
}

function faultOf(issue: z.core.$ZodIssue): string {
  return issue.input === undefined && issue.code === "invalid_type" ? "is missing" : issue.message;
}

function isWrongCall(error: unknown): boolean {
  return error instanceof z.ZodError || (error instanceof PolytapeError && error.kind === "input");
}

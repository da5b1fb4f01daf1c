import { withoutKeys } from "@polytape/api-access";
import { PolytapeError, withoutCredentials } from "@polytape/market-model";
import { z } from "zod";
import { version } from "../package.json";
import type { Command, Tools } from "./command.ts";
import { ANSWER_INCOMPLETE, type ExitStatus } from "./exit-status.ts";
import { commandHelp, overview } from "./help.ts";
import { nextStep } from "./next-step.ts";
import { type Call, helpedFamily, parseCommand, usage } from "./parse-command.ts";

/** Does what the words say; what goes wrong is told in one sentence. */
export async function run(
  commands: readonly Command[],
  words: readonly string[],
  tools: Tools,
  printError: (line: string) => void,
): Promise<ExitStatus> {
  if (words[0] === "help" && words.length > 1)
    return run(commands, [...words.slice(1), "--help"], tools, printError);
  if (words.length === 0 || ["help", "--help", "-h"].includes(words[0] ?? "")) {
    for (const line of overview(commands)) tools.print(line);
    return words.length === 0 ? 2 : 0;
  }
  if (["version", "--version", "-V"].includes(words[0] ?? "")) {
    tools.print(version);
    return 0;
  }
  try {
    refuseKeys(words);
    const family = helpedFamily(commands, words);
    if (family.length > 0) for (const line of family.flatMap(commandHelp)) tools.print(line);
    else await runCall(parseCommand(commands, words), tools);
    return 0;
  } catch (error) {
    printError(
      `polytape: ${withoutKeys(withoutCredentials(`${sentenceOf(error)}${nextStep(error, tools)}`))}`,
    );
    return statusOf(error);
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

function statusOf(error: unknown): ExitStatus {
  if (error instanceof z.ZodError) return 2;
  if (!(error instanceof PolytapeError)) return 1;
  if (error.code === ANSWER_INCOMPLETE) return 3;
  return error.kind === "input" ? 2 : 1;
}

/** Command lines are seen by every user of the machine and kept in histories. */
function refuseKeys(words: readonly string[]): void {
  if (words.every((word) => withoutKeys(word) === word)) return;
  throw usage(
    "A key must not stand on a command line, where others see it: name it by its id (key_…), or write - and pipe it in. This one should be rotated.",
  );
}

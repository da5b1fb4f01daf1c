import { parseArgs } from "node:util";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { Command } from "./command.ts";

export interface Call {
  readonly command: Command;
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly help: boolean;
}

/** Finds the command that the words name and reads what follows. Throws `usage` (kind input). */
export function parseCommand(commands: readonly Command[], words: readonly string[]): Call {
  const command = commands.find(({ name }) => {
    const named = name.split(" ");
    return named.every((word, place) => words[place] === word);
  });
  if (!command) throw usage(unknownCommand(commands, words));
  const rest = words.slice(command.name.split(" ").length);
  const { values, positionals } = readWords(command, rest);
  const { help = false, ...options } = values;
  const required = command.operands.filter((name) => !isOptionalOperand(name));
  if (!help && (positionals.length < required.length || positionals.length > command.operands.length))
    throw usage(`${command.name} takes ${command.operands.map(operandText).join(" ") || "no operands"}.`);
  return { command, operands: positionals, options, help: help === true };
}

/** The commands of which `backfill --help` asks to be told: those that begin with the word; none of another call. */
export function helpedFamily(commands: readonly Command[], words: readonly string[]): Command[] {
  const [first, second] = words;
  const asksForHelp = words.length === 2 && (second === "--help" || second === "-h");
  return asksForHelp ? commands.filter(({ name }) => name.startsWith(`${first} `)) : [];
}

/** Whether an option takes no value. */
export function isFlag(schema: unknown): boolean {
  return schema instanceof z.ZodOptional && schema.unwrap() instanceof z.ZodLiteral;
}

/** `id?` need not be given; it comes after those that must be. */
export function isOptionalOperand(name: string): boolean {
  return name.endsWith("?");
}

/** An operand as help shows it. */
export function operandText(name: string): string {
  return isOptionalOperand(name) ? `[${name.slice(0, -1)}]` : `<${name}>`;
}

export function usage(message: string): PolytapeError {
  return new PolytapeError("input", "usage", message);
}

function readWords(command: Command, words: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(command.options.shape).map(([name, schema]) => [
      name,
      { type: isFlag(schema) ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  try {
    return parseArgs({
      args: [...words],
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw usage(`${command.name}: ${error instanceof Error ? error.message : "cannot be read"}`);
  }
}

function unknownCommand(commands: readonly Command[], words: readonly string[]): string {
  const [first] = words;
  const family = commands.filter(({ name }) => name.split(" ")[0] === first).map(({ name }) => name);
  const known = family.length > 0 ? family : commands.map(({ name }) => name);
  return `There is no command "${words.slice(0, 2).join(" ")}". There are: ${known.join(", ")}.`;
}

import type { RandomBytes } from "@polytape/api-access";
import type { EventBus } from "@polytape/event-bus";
import type { EpochMs } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import type { z } from "zod";
import type { ApiClient } from "./reading/api-client.ts";
import type { Surroundings } from "./surroundings.ts";

/** What commands work with. Servers are connected when first asked for, and closed at the end. */
export interface Tools {
  bus(): Promise<EventBus>;
  store(): Promise<MarketStore>;
  /** Through the gateway; returns what the function answers. */
  callFunction(name: string, body: unknown): Promise<unknown>;
  /** The REST API, asked with the key of the environment. */
  api(): Promise<ApiClient>;
  /** Addresses and settings, for whoever asks everything one by one. */
  surroundings(): Surroundings;
  /** What was piped in. For what must not stand on a command line, where every user of the machine sees it. */
  readInput(): Promise<string>;
  now(): EpochMs;
  pause(ms: number): Promise<void>;
  readonly randomBytes: RandomBytes;
  print(line: string): void;
  /** Says something to who is waiting; the output stays pure data. */
  tell(line: string): void;
}

interface CommandSpec<Options extends z.ZodObject> {
  /** The words that call it: `keys create`. */
  readonly name: string;
  /** Named texts after the words, required unless they end in a question mark: `["key"]`, `["id?"]`. */
  readonly operands: readonly string[];
  readonly summary: string;
  /** Values are texts; an option that is a flag is `true`. Descriptions become the help. */
  readonly options: Options;
  run(input: { operands: readonly string[]; options: z.output<Options> }, tools: Tools): Promise<void>;
}

/** One thing an operator can do. */
export interface Command {
  readonly name: string;
  readonly operands: readonly string[];
  readonly summary: string;
  readonly options: z.ZodObject;
  /** Reads the options by their schema. Throws a ZodError that names the faults. */
  run(operands: readonly string[], options: unknown, tools: Tools): Promise<void>;
}

export function defineCommand<Options extends z.ZodObject>(spec: CommandSpec<Options>): Command {
  const { name, operands, summary, options } = spec;
  return {
    name,
    operands,
    summary,
    options,
    run: (given, values, tools) => spec.run({ operands: given, options: options.parse(values) }, tools),
  };
}

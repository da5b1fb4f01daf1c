import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { BusState, EventBus } from "@polytape/event-bus";
import { readStack } from "@polytape/local/stack";
import { type EpochMs, PolytapeError } from "@polytape/market-model";
import type { MarketStore, StoreState } from "@polytape/market-store";
import type { Tools } from "../../command.ts";
import type { Surroundings } from "../../surroundings.ts";
import type { PlannedFunction } from "./judge-functions.ts";

/** What the checks look at; each thing is asked for once, however many checks need it. */
export interface Parts {
  readonly surroundings: Surroundings;
  readonly bus: () => Promise<EventBus>;
  readonly busState: () => Promise<BusState>;
  readonly store: () => Promise<MarketStore>;
  readonly storeState: () => Promise<StoreState>;
  /** Null: there is no stack.yml here. */
  readonly planned: readonly PlannedFunction[] | null;
  readonly now: () => EpochMs;
  /** Throws `no_answer` (operating). */
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly date: string | null;
  readonly text: string;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
}

const STACK_FILE = "stack.yml";

export function partsOf(tools: Tools, stackFile: string | undefined, signal: AbortSignal): Parts {
  const surroundings = tools.surroundings();
  const bus = once(() => tools.bus());
  const store = once(async () => (await tools.store()).cancelledBy(signal));
  return {
    surroundings,
    bus,
    busState: once(async () => (await bus()).inspect()),
    store,
    storeState: once(async () => (await store()).inspect()),
    planned: readPlanned(stackFile, surroundings.variables),
    now: tools.now,
    get: (url, headers = {}) => get(surroundings.fetch, { url, headers, signal }),
  };
}

function readPlanned(
  given: string | undefined,
  variables: Surroundings["variables"],
): readonly PlannedFunction[] | null {
  const file = resolve(given ?? (variables["POLYTAPE_STACK"] || STACK_FILE));
  return given === undefined && !existsSync(file) ? null : readStack([file], variables);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** A health page or a list of functions is a few kB; what is far beyond is cut off with the time. */
async function get(
  fetch: typeof globalThis.fetch,
  { url, headers, signal }: { url: string; headers: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<Answer> {
  try {
    const response = await fetch(url, { headers, signal, redirect: "manual" });
    const text = await response.text();
    return { status: response.status, date: response.headers.get("date"), text, body: jsonOf(text) };
  } catch (cause) {
    throw new PolytapeError("operating", "no_answer", `No answer from ${new URL(url).origin}.`, { cause });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { randomBytes } from "node:crypto";
import { newKeyText } from "@polytape/api-access";
import { inMemoryBus } from "@polytape/event-bus/in-memory";
import { PolytapeError } from "@polytape/market-model";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import type { Command, Tools } from "./command.ts";
import { commands as allCommands } from "./commands/index.ts";
import { openApiClient } from "./reading/api-client.ts";
import { run } from "./run.ts";
import { readSurroundings, type Surroundings } from "./surroundings.ts";

export const NOW = Date.parse("2026-11-22T12:00:00Z");

interface ShellOptions {
  readonly commands?: readonly Command[];
  readonly input?: string;
  readonly key?: string | undefined;
  readonly url?: string;
  /** What differs from an environment in which nothing is set and nobody answers. */
  readonly surroundings?: Partial<Surroundings>;
  readonly answerOf?: (name: string, body: unknown) => unknown;
  /** The REST API, as a function of a request. */
  readonly respond?: (request: Request) => Response | Promise<Response>;
}

const noFunction = (name: string): unknown => {
  throw new PolytapeError("operating", "gateway_unavailable", `${name} cannot be reached.`);
};

/** The command in this process, with everything around it in memory; nobody waits. For tests. */
export function aShell(options: ShellOptions = {}) {
  const { commands = allCommands, input = "", answerOf = noFunction, respond } = options;
  const key = "key" in options ? options.key : newKeyText(randomBytes);
  const bus = inMemoryBus();
  const store = inMemoryStore({ now: () => NOW });
  const requests: Request[] = [];
  const pauses: number[] = [];
  const fetch: typeof globalThis.fetch = async (given, init) => {
    const request = new Request(given, init);
    requests.push(request);
    if (!respond) throw new TypeError("fetch failed");
    return respond(request);
  };

  async function call(...words: string[]) {
    const out: string[] = [];
    const told: string[] = [];
    const errors: string[] = [];
    const tell = (line: string) => void told.push(line);
    const pause = async (ms: number) => void pauses.push(ms);
    const tools: Tools = {
      bus: async () => bus,
      store: async () => store,
      callFunction: async (name, body) => answerOf(name, body),
      api: async () => openApiClient({ url: options.url ?? "https://api.test", key, tell, fetch, pause }),
      surroundings: () => ({ ...readSurroundings({}), fetch, ...options.surroundings }),
      readInput: async () => input,
      now: () => NOW,
      pause,
      randomBytes,
      print: (line) => void out.push(line),
      tell,
    };
    const status = await run(commands, words, tools, (line) => errors.push(line));
    return { status, out, told, errors };
  }
  return { call, bus, store, requests, pauses, key };
}

import { fork } from "node:child_process";
import { join } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import { findRepository } from "@polytape/local";
import { PolytapeError } from "@polytape/market-model";
import { type LoadOrder, type LoadReport, type WorkerMessage, workerMessage } from "./load-protocol.ts";

/** A process that asks as it is told. One order at a time. */
export interface LoadProcess {
  readonly pid: number;
  run(order: LoadOrder): Promise<LoadReport>;
  stop(): void;
}

/** Beyond the time of its order, before a process is given up. */
const MARGIN_MS = 90_000;

/** As `stack.yml` starts query-api: the app's heap behaves alike in both. */
const FUNCTION_HEAP = ["--max-semi-space-size=16"];

/** `app` holds the query API itself, on the servers that the environment names. Throws `load_failed`. */
export async function startLoad(
  asks: "http" | "app",
  environment: Readonly<Record<string, string>> = {},
): Promise<LoadProcess> {
  const program = join(findRepository(), "bench", "dist", "load-worker.cjs");
  const child = fork(program, [asks], {
    env: { ...readEnvironment(), ...environment },
    execArgv: asks === "app" ? FUNCTION_HEAP : [],
  });
  const next = (withinMs: number) =>
    new Promise<WorkerMessage>((resolve, reject) => {
      const fail = (reason: string) => reject(new PolytapeError("operating", "load_failed", reason));
      const timer = setTimeout(() => fail(`No report within ${withinMs} ms.`), withinMs);
      const end = () => fail("The process that asks has ended.");
      child.once("exit", end);
      child.once("message", (message) => {
        clearTimeout(timer);
        child.off("exit", end);
        resolve(workerMessage.parse(message));
      });
    });
  await next(MARGIN_MS);
  return {
    pid: child.pid ?? 0,
    async run(order) {
      const answered = next(order.forMs + MARGIN_MS);
      child.send(order);
      const message = await answered;
      if (message.kind === "report") return message.report;
      throw new PolytapeError("operating", "load_failed", `Nothing was measured: ${JSON.stringify(message)}`);
    },
    stop: () => child.disconnect(),
  };
}

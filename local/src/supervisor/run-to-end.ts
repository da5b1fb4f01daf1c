import { PolytapeError } from "@polytape/market-model";
import { identify } from "../processes/identity.ts";
import { type Command, launch } from "../processes/launch.ts";
import { lastLines } from "../processes/log-file.ts";
import { stopProcess } from "../processes/stop-process.ts";

export interface RunBounds {
  readonly name: string;
  readonly logFile: string;
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** Runs a program that ends by itself. Throws `program_failed` (operating) with the end of its log. */
export async function runToEnd(command: Command, bounds: RunBounds): Promise<void> {
  const child = launch(command, bounds);
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? String(code)));
    child.once("error", (error) => resolve(error.message));
  });
  const process = identify(child.pid ?? 0);
  const isOver = AbortSignal.any([bounds.signal, AbortSignal.timeout(bounds.withinMs)]);
  const cut = () => process !== null && void stopProcess(process, 2_000);
  isOver.addEventListener("abort", cut, { once: true });
  const how = await ended;
  isOver.removeEventListener("abort", cut);
  if (how === "0") return;
  const message = `${bounds.name} failed (${how}); the end of ${bounds.logFile}:\n${lastLines(bounds.logFile, 10)}`;
  throw new PolytapeError("operating", "program_failed", message);
}

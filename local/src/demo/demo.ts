import { parseArgs } from "node:util";
import { readEnvironment } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { findRepository } from "../repository.ts";
import { demoWithRecordings } from "./demo-with-recordings.ts";
import { demoWithSimulator } from "./demo-with-simulator.ts";

/** `demo` starts everything against the simulator; `demo --recordings DIR` replays recorded payloads. */
async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { recordings: { type: "string" } } });
  const ground = {
    repository: findRepository(),
    environment: readEnvironment(),
    tell: (line: string) => void process.stdout.write(`${line}\n`),
  };
  if (values.recordings) await demoWithRecordings(ground, values.recordings);
  else await demoWithSimulator(ground);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const reason =
    error instanceof PolytapeError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`demo: ${reason}\n`);
  process.exitCode = 1;
});

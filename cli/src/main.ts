import { text } from "node:stream/consumers";
import { readEnvironment } from "@polytape/function-runtime";
import { commands } from "./commands/index.ts";
import { connectTools } from "./connect.ts";
import { run } from "./run.ts";

/** The operator's and the reader's command: `polytape keys create --plan weekly`, `polytape trades`. */
async function main(): Promise<void> {
  // A reader that has seen enough (`| head`) closes the pipe: that is no fault.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  // Nobody listens to what is said on the side any more: the status still tells how it ended.
  process.stderr.on("error", () => {});
  const tell = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const io = { tell, readInput: () => text(process.stdin) };
  const { tools, close } = connectTools(readEnvironment(), print, io);
  try {
    process.exitCode = await run(commands, process.argv.slice(2), tools, tell);
  } finally {
    await close();
  }
}

void main();

import { readEnvironment } from "@polytape/function-runtime";
import { commands } from "./commands/index.ts";
import { connectTools } from "./connect.ts";
import { run } from "./run.ts";

/** The operator's command: `polytape keys create --plan weekly`. */
async function main(): Promise<void> {
  const { tools, close } = connectTools(readEnvironment(), (line) => process.stdout.write(`${line}\n`));
  try {
    process.exitCode = await run(commands, process.argv.slice(2), tools, (line) =>
      process.stderr.write(`${line}\n`),
    );
  } finally {
    await close();
  }
}

void main();

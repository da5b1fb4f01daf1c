import type { ChildProcess } from "node:child_process";

const ENDING = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/**
 * Waits for a program in the foreground and passes on what asks us to end, so that it does not outlive us.
 * Null when a signal ended it.
 */
export async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ENDING) process.on(signal, pass);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    });
  } finally {
    for (const signal of ENDING) process.off(signal, pass);
  }
}

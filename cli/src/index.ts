/** The operator's command as a library, for tests that run it in their own process. */
export type { Tools } from "./command.ts";
export { commands } from "./commands/index.ts";
export { connectTools } from "./connect.ts";
export type { ExitStatus } from "./exit-status.ts";
export { run } from "./run.ts";

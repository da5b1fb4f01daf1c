import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

/** A program as it is to be run. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** The unprivileged user to become (only root can); null: whoever we are. */
  readonly uid: number | null;
}

export interface LaunchOptions {
  /** Both outputs are appended here. A file, not a pipe: the program outlives whoever started it. */
  readonly logFile: string;
  /** Sent by the kernel when the starting process ends, however it ends. */
  readonly whenParentEnds?: "TERM" | "KILL" | undefined;
}

/** Starts a program in a process group of its own, so that a signal for a terminal does not reach it. */
export function launch(command: Command, options: LaunchOptions): ChildProcess {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a", 0o640);
  const [program, ...args] = [
    ...privileges(command.uid, options.whenParentEnds),
    command.program,
    ...command.args,
  ];
  try {
    return spawn(program ?? command.program, args, {
      cwd: command.folder,
      env: { ...command.environment },
      detached: true,
      stdio: ["ignore", log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** `setpriv` replaces itself by the program: the process id that we see is the program's. */
function privileges(uid: number | null, whenParentEnds: LaunchOptions["whenParentEnds"]): string[] {
  const drop =
    uid === null
      ? []
      : [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--inh-caps=-all", "--no-new-privs"];
  const tie = whenParentEnds === undefined ? [] : [`--pdeathsig=${whenParentEnds}`];
  return drop.length + tie.length === 0 ? [] : ["setpriv", ...drop, ...tie, "--"];
}

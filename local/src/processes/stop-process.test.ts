import { type ChildProcess, spawn } from "node:child_process";
import { afterEach, expect, it } from "vitest";
import {
  groupMembers,
  HOME_MARK,
  identify,
  isAlive,
  markedProcesses,
  type ProcessIdentity,
} from "./identity.ts";
import { stopProcess } from "./stop-process.ts";
import { waitUntil } from "./wait-until.ts";

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) if (child.pid !== undefined) child.kill("SIGKILL");
});

/** A Node program in a group of its own that says when its handlers stand. */
async function run(code: string, environment: Record<string, string> = {}): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ["-e", `${code}; setInterval(() => {}, 1e6); console.log("up")`], {
    detached: true,
    env: { ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  const identity = identify(child.pid ?? 0);
  if (identity === null) throw new Error("the program ended by itself");
  return identity;
}

it("ends a process in peace when it does as it is asked", async () => {
  const process = await run("");

  expect(await stopProcess(process, 5_000)).toBe("ended");
  expect(isAlive(process)).toBe(false);
});

it("kills a process that does not listen, after the grace", async () => {
  const process = await run('process.on("SIGTERM", () => {})');

  expect(await stopProcess(process, 100)).toBe("killed");
  expect(isAlive(process)).toBe(false);
});

it("ends what a dead process left in its group", async () => {
  const child = 'require("child_process").spawn("sleep", ["1000"], { stdio: "ignore" }).pid';
  const leader = await run(`process.title = String(${child})`);
  process.kill(leader.pid, "SIGKILL");
  await waitUntil(() => !isAlive(leader), { deadlineMs: 5_000 });
  expect(groupMembers(leader.pid)).toHaveLength(1);

  expect(await stopProcess(leader, 5_000)).toBe("was gone");

  expect(groupMembers(leader.pid)).toEqual([]);
});

// A process id is given to somebody else some day; a stranger must not be stopped in its place.
it("leaves a process alone that only has the same number", async () => {
  const stranger = await run("");

  expect(await stopProcess({ ...stranger, startTicks: "1" }, 1_000)).toBe("was gone");

  expect(isAlive(stranger)).toBe(true);
});

it("finds the processes that carry the mark of a home, and no others", async () => {
  const ours = await run("", { [HOME_MARK]: "/tmp/one" });
  await run("", { [HOME_MARK]: "/tmp/one-more" });

  expect(markedProcesses("/tmp/one")).toEqual([ours.pid]);
});

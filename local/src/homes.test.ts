import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { status } from "./commands/status.ts";
import { writeProcessRecord } from "./gateway/functions/process-record.ts";
import { type HomePaths, openHome } from "./home-paths.ts";
import { isRunning, runningBeside, runningHome } from "./homes.ts";
import { identify, type ProcessIdentity } from "./processes/identity.ts";
import { writeChildRecord, writeSupervisorRecord } from "./supervisor/records.ts";

let base: HomePaths;
let demo: HomePaths;
beforeEach(() => {
  base = openHome(mkdtempSync(join(tmpdir(), "polytape-homes-")));
  demo = openHome(join(base.home, "demo"));
});
afterEach(() => rmSync(base.home, { recursive: true }));

const own = identify(process.pid) as ProcessIdentity; // This process lives.
const ended: ProcessIdentity = { ...own, startTicks: "0" };
const startedAt = new Date(0).toISOString();

function recordSupervisor(run: string, identity: ProcessIdentity): void {
  const record = { process: identity, phase: "running" as const, startedAt, steps: [], failure: null };
  writeSupervisorRecord(run, { ...record, environment: {} });
}

function recordGateway(run: string, identity: ProcessIdentity): void {
  const record = { process: identity, pid: identity.pid, state: "running" as const, restarts: 0, startedAt };
  writeChildRecord(run, { ...record, name: "gateway", url: null, lastEnd: null });
}

test("without anything that runs it is the operator's home", () => {
  recordSupervisor(demo.run, ended);
  recordGateway(demo.run, ended);

  expect(runningHome(base).home).toBe(base.home);
});

test("a home that runs beside is found from the operator's home and from a demonstration's", () => {
  expect([runningBeside(base), runningBeside(demo), isRunning(demo)]).toEqual([null, null, false]);

  recordSupervisor(demo.run, own);
  expect(runningBeside(base)?.home).toBe(demo.home);
  expect(runningBeside(demo)).toBeNull();

  recordSupervisor(base.run, own);
  expect(runningBeside(demo)?.home).toBe(base.home);
});

test("processes that outlived their supervisor show which home runs", () => {
  recordSupervisor(demo.run, ended);
  recordGateway(demo.run, own);

  expect(runningHome(base).home).toBe(demo.home);
});

test("a home with a supervisor comes before one with processes only", () => {
  recordGateway(base.run, own);
  recordSupervisor(demo.run, own);

  expect(runningHome(base).home).toBe(demo.home);
});

test("the status shows functions below their gateway, and says what outlived its supervisor", () => {
  recordSupervisor(demo.run, ended);
  recordGateway(demo.run, own);
  // The number is in use, but by a process that is none of this home's.
  writeProcessRecord(demo.run, { "ingest-trades": { pid: process.pid, port: 1, restarts: 2 } });
  const lines: string[] = [];

  expect(status(demo, (line) => lines.push(line))).toBe(false);
  expect(lines).toEqual([
    expect.stringContaining("not running"),
    expect.stringContaining("outlived their supervisor"),
    expect.stringMatching(/^gateway +running +pid \d+ +\d+ MiB +restarts 0$/),
    expect.stringMatching(/^ {2}ingest-trades +gone +pid - +restarts 2$/),
  ]);
});

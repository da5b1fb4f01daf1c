import { expect, test } from "vitest";
import { readCommandLine, usage } from "./command-line.ts";

test("reads options and faults", () => {
  const command = readCommandLine([
    "--rate",
    "200",
    "--epoch",
    "2026-11-20T12:00:00Z",
    "--fault",
    "rate-limited:every=10,path=/data",
    "--fault",
    "server-errors:statuses=500+502,probability=0.1",
  ]);

  expect(command.rate).toBe(200);
  expect(command.epoch).toBe(Date.UTC(2026, 10, 20, 12));
  expect(command.fault).toMatchObject([
    { name: "rate-limited", every: 10, path: "/data" },
    { name: "server-errors", statuses: [500, 502], probability: 0.1 },
  ]);
});

test("names all wrong values at once", () => {
  expect(() => readCommandLine(["--rate", "fast", "--closed-share", "7", "--fault", "gremlins"])).toThrow(
    /rate[\s\S]*closed-share|closed-share[\s\S]*rate/,
  );
  expect(() => readCommandLine(["--fault", "gremlins"])).toThrow(/name/);
});

test("refuses options that don't exist", () => {
  expect(() => readCommandLine(["--speed", "9"])).toThrow();
});

test("explains every option", () => {
  expect(usage()).toContain("--epoch-file");
});

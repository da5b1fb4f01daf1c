import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { createLog, errorFacts } from "./log.ts";

function aLog() {
  const lines: string[] = [];
  const log = createLog(
    "a-job",
    (line) => lines.push(line),
    () => Date.parse("2026-11-22T18:00:00Z"),
  );
  return { log, lines };
}

test("writes one line of time, level, name, event and facts", () => {
  const { log, lines } = aLog();

  log.info("run", { stored: 12, reason: "two words", absent: undefined });

  expect(lines).toEqual(['2026-11-22T18:00:00.000Z info a-job run stored=12 reason="two words"']);
});

// Servers are named by addresses that may carry a login, and errors repeat what was asked.
test("no user and password of an address reaches a line, wherever it stands", () => {
  const { log, lines } = aLog();
  const cause = new Error("connect to https://ada:secret@store:9200 failed");
  const facts = { url: "nats://ada:secret@one:4222,nats://ada:secret@two:4222", tried: ["nats://secret@x"] };

  log.error("failed", errorFacts(new PolytapeError("operating", "away", "Away.", { facts, cause })));

  expect(lines.join()).not.toMatch(/secret|ada/);
  expect(lines[0]).toContain("nats://one:4222,nats://two:4222");
});

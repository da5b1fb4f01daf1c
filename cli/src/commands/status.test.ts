import type { StreamState } from "@polytape/event-bus";
import { expect, test } from "vitest";
import { aShell } from "../testing.ts";

function aStream(name: string, bytes: number, whenFull: StreamState["whenFull"] = "refuse new"): StreamState {
  return { name, messages: 1, bytes, bytesMax: 1_000, whenFull, consumers: [] };
}

test.each([
  [[aStream("JOBS", 10), aStream("TRADES_STORED", 700)], "fullest is TRADES_STORED 70 %"],
  [
    [aStream("JOBS", 800), aStream("TRADES_STORED", 710)],
    "warning: nearly full: JOBS 80 %, TRADES_STORED 71 %; see polytape doctor",
  ],
  [[aStream("BOOK_CHANGES", 1_000, "drop oldest")], "none has a limit"],
])("the status tells of streams that are nearly full", async (streams, said) => {
  const { call, bus } = aShell();
  bus.showState({ streams, schedules: [] });

  const { status, out } = await call("status");

  expect(status).toBe(0);
  expect(out.find((line) => line.startsWith("stream usage"))).toContain(said);
});

import { expect, test } from "vitest";
import { callInput } from "./call-input.ts";

const faultOf = (body: unknown): string => {
  const outcome = callInput.safeParse(body);
  return outcome.success
    ? "none"
    : outcome.error.issues.map((each) => `${each.path.join(".")}: ${each.message}`).join();
};
const range = { from: "2026-11-20", to: "2026-11-21" };
const message = {
  windows: [{ market_id: `0x${"a1".repeat(32)}`, asset_id: "1", minutes_ms: [1_790_000_000_000] }],
};

test("reads a rebuild, one message, and a list of messages", () => {
  expect(callInput.parse({ rebuild: range })).toMatchObject({ rebuild: { from: Date.parse("2026-11-20") } });
  expect(callInput.parse(message)).toHaveLength(1);
  expect(callInput.parse([message, { of: "another shape" }])).toHaveLength(2);
});

test.each([
  [
    { rebuild: { ...range, to: "yesterday" } },
    "rebuild.to: must be a day or a time like 2026-11-21T00:00:00Z",
  ],
  [{ rebuild: { from: range.from } }, "rebuild.to: must be"],
  [{ rebuild: { from: range.to, to: range.from } }, "`from` must lie before `to`"],
  [{ rebuild: { ...range, market_id: "0x1" } }, "rebuild.market_id: must be a condition id"],
  [{ rebuild: { ...range, market: "0x1" } }, 'rebuild: Unrecognized key: "market"'],
  [{ rebuild: range, form: "x" }, 'Unrecognized key: "form"'],
  [{ windows: "x" }, "windows: "],
  [[], "Too small"],
])("names what is wrong with the form that was meant: %j", (body, fault) => {
  expect(faultOf(body)).toContain(fault);
});

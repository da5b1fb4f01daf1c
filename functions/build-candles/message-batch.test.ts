import { expect, test } from "vitest";
import { callInput } from "./call-input.ts";
import { readBatch } from "./message-batch.ts";

const message = { windows: [{ market_id: "m", asset_id: "1", minutes_ms: [60_000] }] };

test("takes one message or a batch of them", () => {
  expect(callInput.parse(message)).toEqual([message]);
  expect(callInput.parse([message, message])).toEqual([message, message]);
});

test.each([{}, [], { windows: [{ asset_id: "1" }] }, "text", Array(257).fill(message)])(
  "refuses a body that is neither (case %#)",
  (body) => {
    expect(callInput.safeParse(body).success).toBe(false);
  },
);

test("judges each message of a batch for itself", () => {
  const { messages, refusals } = readBatch([message, { windows: 5 }]);

  expect(messages).toEqual([message]);
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toContain("windows");
});

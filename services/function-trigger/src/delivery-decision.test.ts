import { describe, expect, test } from "vitest";
import { type Delivery, decideDelivery } from "./delivery-decision.ts";

const limits = { deliveriesMax: 5, delayMaxMs: 60_000 };
const aTask = (more: Partial<Delivery> = {}): Delivery => ({
  kind: "task",
  status: 500,
  together: 1,
  deliveries: 1,
  ...more,
});

describe("a task", () => {
  test.each([200, 201, 204, 299])("is acknowledged after %i", (status) => {
    expect(decideDelivery(aTask({ status }), limits)).toEqual({ act: "acknowledge" });
  });

  test.each([null, 500, 502, 503, 504, 599, 404, 408, 429])("is tried again after %s", (status) => {
    expect(decideDelivery(aTask({ status }), limits)).toEqual({ act: "retry", afterMs: 1_000 });
  });

  test.each([400, 401, 403, 413, 415, 422, 301, 304])("is buried at once after %i", (status) => {
    expect(decideDelivery(aTask({ status }), limits)).toEqual({ act: "bury", reason: "refused" });
  });

  test("waits longer each time, up to the bound, and is buried at its last delivery", () => {
    const many = { deliveriesMax: 40, delayMaxMs: 60_000 };
    const delays = [1, 2, 3, 6, 7, 39].map((deliveries) => decideDelivery(aTask({ deliveries }), many));

    expect(delays.map((decision) => decision.act === "retry" && decision.afterMs)).toEqual([
      1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
    ]);
    expect(decideDelivery(aTask({ deliveries: 40 }), many)).toEqual({
      act: "bury",
      reason: "deliveries exhausted",
    });
  });

  // Which of the messages was at fault is not known yet.
  test.each([400, 500, null])(
    "comes again alone when its batch failed with %s, whatever its count",
    (status) => {
      const decision = decideDelivery(aTask({ status, together: 2, deliveries: 99 }), limits);

      expect(decision).toEqual({ act: "retry", afterMs: 1_000 });
    },
  );
});

describe("a tick", () => {
  test.each([null, 500, 404, 400, 429])("is dropped after %s, for the next tick is its retry", (status) => {
    expect(decideDelivery(aTask({ kind: "tick", status }), limits)).toEqual({ act: "drop" });
  });

  test("is acknowledged after 200", () => {
    expect(decideDelivery(aTask({ kind: "tick", status: 200 }), limits)).toEqual({ act: "acknowledge" });
  });
});

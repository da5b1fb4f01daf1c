import { describe, expect, test } from "vitest";
import { type Delivery, decideDelivery } from "./delivery-decision.ts";

const limits = { deliveriesMax: 5, delayMaxMs: 60_000 };
const aTask = (more: Partial<Delivery> = {}): Delivery => ({
  kind: "task",
  verdict: "failed",
  together: 1,
  deliveries: 1,
  failures: 1,
  ...more,
});

describe("a task", () => {
  test("is acknowledged after success", () => {
    expect(decideDelivery(aTask({ verdict: "succeeded" }), limits)).toEqual({ act: "acknowledge" });
  });

  test("is buried at once when it is refused", () => {
    expect(decideDelivery(aTask({ verdict: "refused" }), limits)).toEqual({ act: "bury", reason: "refused" });
  });

  test.each(["failed", "hindered"] as const)(
    "waits longer each time, up to the bound, while %s",
    (verdict) => {
      const delays = [1, 2, 3, 6, 7, 39].map((deliveries) =>
        decideDelivery(aTask({ verdict, deliveries }), limits),
      );

      expect(delays.map((decision) => decision.act === "retry" && decision.afterMs)).toEqual([
        1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
      ]);
    },
  );

  test("is buried when it failed as often as it may", () => {
    expect(decideDelivery(aTask({ deliveries: 5, failures: 4 }), limits)).toMatchObject({ act: "retry" });
    expect(decideDelivery(aTask({ deliveries: 5, failures: 5 }), limits)).toEqual({
      act: "bury",
      reason: "deliveries exhausted",
    });
  });

  // A full disk may last for days; nobody is to bring its messages back by hand.
  test("is never buried for what is not its own fault, and has all its tries when that is over", () => {
    const hindered = decideDelivery(aTask({ verdict: "hindered", deliveries: 5_000, failures: 0 }), limits);
    const after = decideDelivery(aTask({ deliveries: 5_001, failures: 1 }), limits);

    expect([hindered, after]).toEqual(Array(2).fill({ act: "retry", afterMs: 60_000 }));
  });

  // Which of the messages was at fault is not known yet.
  test.each(["refused", "failed", "hindered"] as const)(
    "comes again alone when its batch was %s, whatever its count",
    (verdict) => {
      const decision = decideDelivery(aTask({ verdict, together: 2, deliveries: 99, failures: 0 }), limits);

      expect(decision).toEqual({ act: "retry", afterMs: 1_000 });
    },
  );
});

describe("a tick", () => {
  test.each(["hindered", "failed", "refused"] as const)(
    "is dropped when it was %s, for the next tick is its retry",
    (verdict) => {
      expect(decideDelivery(aTask({ kind: "tick", verdict }), limits)).toEqual({ act: "drop" });
    },
  );

  test("is acknowledged after success", () => {
    expect(decideDelivery(aTask({ kind: "tick", verdict: "succeeded" }), limits)).toEqual({
      act: "acknowledge",
    });
  });
});

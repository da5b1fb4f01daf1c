import { expect, test } from "vitest";
import { createFailureCounts } from "./failure-counts.ts";

test("counts each message by itself, and begins anew with one that was forgotten", () => {
  const failures = createFailureCounts();

  const counted = [failures.add(1), failures.add(2), failures.add(1)];
  failures.forget(1);

  expect([...counted, failures.add(1), failures.add(2)]).toEqual([1, 1, 2, 1, 2]);
});

test("remembers a bounded number of messages, the newest", () => {
  const failures = createFailureCounts(2);

  for (const sequence of [1, 2, 3]) failures.add(sequence);

  expect([failures.add(3), failures.add(2), failures.add(1)]).toEqual([2, 2, 1]);
});

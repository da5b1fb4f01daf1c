import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { reportUpstreamUse, withReport } from "./with-report.ts";

const away = new PolytapeError("operating", "store_unavailable", "Away.", { facts: { status: 502 } });

test("a failure keeps what it is, and tells what was done before it", () => {
  const told = withReport(away, { stored: 3, status: 200 });

  expect(told).toMatchObject({ kind: "operating", code: "store_unavailable", message: "Away." });
  expect(told).toMatchObject({ facts: { stored: 3, status: 502 } });
});

test("a bug stays as it was thrown", () => {
  const bug = new TypeError("odd");

  expect(withReport(bug, { stored: 3 })).toBe(bug);
});

test("what a run took of the upstream is on its report, and on its failure", async () => {
  const source = { use: () => ({ requests: 4, throttled: 1, waitedMs: 2_500 }) };
  const use = { upstream_requests: 4, upstream_throttled: 1, upstream_waited_seconds: 2.5 };

  expect(await reportUpstreamUse(source, async () => ({ stored: 3 }))).toEqual({ stored: 3, ...use });
  await expect(reportUpstreamUse(source, () => Promise.reject(away))).rejects.toMatchObject({
    code: "store_unavailable",
    facts: { status: 502, ...use },
  });
});

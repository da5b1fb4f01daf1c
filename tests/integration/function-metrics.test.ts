import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildGatewayPrograms, gatewayFixture } from "@polytape/local/gateway/testing";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../house-rules/repository.ts";

/** A job as it is deployed: one bundle behind the real gateway and the node20 contract. */
test("a deployed job tells Prometheus about its runs at /function/<name>/metrics", async () => {
  const programs = await buildGatewayPrograms();
  const fixture = gatewayFixture({ "throwing-job": { handler: "" } }, { hostProgram: programs.functionHost });
  const source = join(ROOT, "tests/house-rules/throwing-job.ts");
  const outDir = join(fixture.folder, "throwing-job");
  const tsup = join(ROOT, "node_modules/.bin/tsup");
  await promisify(execFile)(tsup, ["--out-dir", outDir, "--entry.handler", source], {
    cwd: join(ROOT, "functions/self-check"),
  });
  const gateway = await fixture.start();
  onTestFinished(async () => {
    await gateway.close();
    fixture.remove();
    programs.remove();
  });
  const url = `${gateway.url}/function/throwing-job`;

  for (let run = 0; run < 2; run += 1) await (await fetch(url, { method: "POST" })).text();
  const answer = await fetch(`${url}/metrics`);

  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain;.*version=0\.0\.4/);
  const text = await answer.text();
  expect(text).toContain('polytape_runs_total{outcome="failed",function="throwing-job"} 2');
  expect(text).toContain('polytape_run_duration_seconds_count{function="throwing-job"} 2');
});

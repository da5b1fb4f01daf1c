import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { deployQueryApi, type QueryApiDeployment } from "./query-api-deployment.ts";

let copy: StoreCopy;
let deployment: QueryApiDeployment;
let key: string;

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  deployment = await deployQueryApi(copy.settings.indexPrefix ?? "");
  key = await deployment.makeKey();
});

afterAll(async () => {
  await deployment?.close();
  await copy?.remove();
});

async function ask(path: string) {
  const answer = await deployment.ask(path, { headers: { "x-api-key": key } });
  return { status: answer.status, text: await answer.text() };
}

test("counts requests of many clients by route and status, and how long they took, never by what was asked for", async () => {
  const clients = 32;
  await Promise.all(
    Array.from({ length: clients }, async (_, n) => {
      await ask("/v1/trades?limit=1");
      await ask(`/v1/markets/no-such-market-${n}`);
    }),
  );

  const { text } = await ask("/function/query-api/metrics");

  const counted = (route: string, status: number) =>
    `polytape_requests_total{method="GET",route="${route}",status="${status}",function="query-api"} ${clients}`;
  expect(text).toContain(counted("/v1/trades", 200));
  expect(text).toContain(counted("/v1/markets/{id}", 404));
  expect(text).toContain(
    `polytape_request_duration_seconds_count{function="query-api",route="/v1/trades",status_class="2xx"} ${clients}`,
  );
  expect(text).toContain(
    `polytape_request_duration_seconds_count{function="query-api",route="/v1/markets/{id}",status_class="4xx"} ${clients}`,
  );
  expect(text).not.toContain("no-such-market");
});

test("is not at the public edge, where only the documented addresses are", async () => {
  expect((await ask("/metrics")).status).toBe(404);
  expect((await ask("/v1/metrics")).text).not.toContain("polytape_requests_total");
});

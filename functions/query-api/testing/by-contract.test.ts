import { expect, test } from "vitest";
import { byContract, byContractThroughGateway } from "./by-contract.ts";

const LIMITS = { "ratelimit-limit": "10", "ratelimit-remaining": "9", "ratelimit-reset": "1" };
const SOUND = { "x-request-id": "mine", "content-type": "application/json", ...LIMITS };
const refusal = (code: string) => ({ error: { code, message: "Because." }, request_id: "mine" });

function anAnswer(status: number, body: unknown, headers: Record<string, string | null> = {}): Response {
  const all = Object.entries({ ...SOUND, ...headers }).filter(
    (pair): pair is [string, string] => pair[1] !== null,
  );
  return new Response(body === null ? null : JSON.stringify(body), { status, headers: all });
}

const HEALTH = {
  status: "ok",
  opensearch: { status: "green", took_ms: 1 },
  nats: { status: "connected", keys_read: true },
};

test("lets pass what the document says, and gives it back unread", async () => {
  const found = await byContract({ path: "/health" }, anAnswer(200, HEALTH));
  const refused = await byContract(
    { path: "/v1/trades", method: "POST" },
    anAnswer(405, refusal("method_not_allowed"), { allow: "GET, HEAD" }),
  );

  expect(await found.json()).toEqual(HEALTH);
  expect(await refused.json()).toEqual(refusal("method_not_allowed"));
});

test.each([
  ["a field that it does not know", "/health", anAnswer(200, { ...HEALTH, more: 1 })],
  ["a status that it does not know", "/health", anAnswer(418, refusal("not_found"))],
  ["an answer without its request id", "/health", anAnswer(200, HEALTH, { "x-request-id": null })],
  ["limits that are no numbers", "/health", anAnswer(200, HEALTH, { "ratelimit-limit": "many" })],
  ["a header in the wrong place", "/health", anAnswer(200, HEALTH, { "retry-after": "1" })],
  ["a 429 that does not say when to come again", "/v1/me", anAnswer(429, refusal("rate_limited"))],
  ["a media type that it does not name", "/health", anAnswer(200, HEALTH, { "content-type": "text/csv" })],
  ["a code of another status", "/v1/nothing", anAnswer(400, refusal("not_found"))],
  ["a code that no endpoint has", "/v1/nothing", anAnswer(404, refusal("lost"))],
  ["a code that this endpoint does not have", "/v1/me", anAnswer(400, refusal("invalid_cursor"))],
  [
    "an id that is not the header's",
    "/nothing",
    anAnswer(404, { ...refusal("not_found"), request_id: "no" }),
  ],
  ["an address that is not there", "/v1/nothing", anAnswer(200, {})],
])("refuses %s", async (_what, path, answer) => {
  await expect(byContract({ path }, answer)).rejects.toThrow();
});

test("through the gateway, what the service did not say must be in the envelope of the edge", async () => {
  const withoutLimits = Object.fromEntries(Object.keys(LIMITS).map((name) => [name, null]));
  const away = anAnswer(503, refusal("unavailable"), withoutLimits);
  const ask = (path: string, answer: Response) => byContractThroughGateway({ path }, answer);

  await ask("/v1/trades", away.clone());
  await ask(
    "/function/query-api/v1/trades",
    new Response("Can't reach service for: query-api.", { status: 500 }),
  );
  await ask("/system/functions", new Response("[]"));
  await expect(ask("/v1/trades", anAnswer(503, refusal("odd"), withoutLimits))).rejects.toThrow();
  await expect(ask("/v1/me", anAnswer(200, {}, withoutLimits))).rejects.toThrow();
  await expect(ask("/function/query-api/v1/me", anAnswer(200, {}, withoutLimits))).rejects.toThrow();
  await expect(ask("/function/query-api/v1/me", anAnswer(200, {}))).rejects.toThrow();
});

import { randomBytes } from "node:crypto";
import { newKeyText } from "@polytape/api-access";
import { expect, test } from "vitest";
import { aShell } from "../testing.ts";
import { apiSettings, apiUrl } from "./api-client.ts";
import { pauseBeforeRetry } from "./retry.ts";

const ME = {
  limits: { rate_rps: 10 },
  usage: { today: 1, resets_at: "2026-11-23T00:00:00.000Z", by_day: [] },
};
const refusal = (status: number, message: string, headers: Record<string, string> = {}) =>
  Response.json({ error: { code: "x", message }, request_id: "r" }, { status, headers });

/** An API that gives these answers, one after the other, and then its own key. */
function anApi(...answers: (() => Response)[]) {
  const left = [...answers];
  return aShell({ respond: () => left.shift()?.() ?? Response.json(ME) });
}

test("sends the key in its header, and nowhere else", async () => {
  const { call, requests, key } = anApi();

  const { status, out, told } = await call("me");

  expect(status).toBe(0);
  expect(requests[0]?.headers.get("x-api-key")).toBe(key);
  expect(requests[0]?.url).toBe("https://api.test/v1/me");
  expect(requests[0]?.redirect).toBe("error");
  expect([...out, ...told].join()).not.toContain(key);
});

test.each([
  [undefined, "POLYTAPE_API_KEY is not set"],
  ["", "POLYTAPE_API_KEY is not set"],
  [`pt_${"x".repeat(36)}`, "POLYTAPE_API_KEY is not a key: check it for typos."],
])("without a key that can be one (%s) it asks nobody", async (key, sentence) => {
  const { call, requests } = aShell({ key, respond: () => Response.json(ME) });

  const { status, errors } = await call("me");

  expect(status).toBe(2);
  expect(errors.join()).toContain(sentence);
  expect(errors.join()).not.toContain("xxxx");
  expect(requests).toEqual([]);
});

test.each([
  ["http://tape.example", 1],
  ["https://tape.example", 0],
  ["http://127.0.0.1:8080", 0],
  ["http://localhost:8080/function/query-api", 0],
  ["http://[::1]:8080", 0],
])("warns of %s when others could read the key on its way (%i)", async (url, warnings) => {
  const { call } = aShell({ url, respond: () => Response.json(ME) });

  expect((await call("me")).told.filter((line) => line.includes("unencrypted"))).toHaveLength(warnings);
});

test("waits as long as a 429 says, says so, and asks again", async () => {
  const { call, pauses } = anApi(() => refusal(429, "Too much.", { "retry-after": "3" }));

  const { status, told } = await call("me");

  expect(status).toBe(0);
  expect(pauses).toEqual([3_000]);
  expect(told).toEqual(["Too much. Waiting 3 s."]);
});

test("gives up after six tries", async () => {
  const { call, pauses, requests } = aShell({
    respond: () => refusal(429, "Too much.", { "retry-after": "1" }),
  });

  expect(await call("me")).toMatchObject({ status: 1, errors: ["polytape: Too much."] });
  expect([requests.length, pauses.length]).toEqual([6, 5]);
});

test("does not wait for a midnight that is hours away", async () => {
  const { call, pauses } = anApi(() =>
    refusal(429, "The day's requests are used up.", { "retry-after": "7200" }),
  );

  expect(await call("me")).toMatchObject({ status: 1 });
  expect(pauses).toEqual([]);
});

test.each([
  [400, 2],
  [404, 2],
  [401, 1],
  [500, 1],
])(
  "a %i ends with status %i and the API's own sentence, in which no key survives",
  async (answered, status) => {
    const key = newKeyText(randomBytes);
    const { call, requests } = anApi(() => refusal(answered, `No ${key} here.`));

    expect(await call("me")).toEqual({ status, out: [], told: [], errors: ["polytape: No pt_… here."] });
    expect(requests).toHaveLength(1);
  },
);

test("an API that is away is asked three times", async () => {
  const { call, requests } = aShell();

  const { status, errors } = await call("me");

  expect([status, errors]).toEqual([1, ["polytape: The API cannot be reached at https://api.test."]]);
  expect(requests).toHaveLength(3);
});

test.each([
  ["a page of somebody else", () => new Response("<html>")],
  ["another answer", () => Response.json({ hello: 1 })],
])("%s is no answer", async (_what, answer) => {
  expect(await anApi(answer).call("me")).toMatchObject({ status: 1, out: [] });
});

test.each([
  ["Sun, 22 Nov 2026 12:00:05 GMT", 5_000],
  ["Sun, 22 Nov 2026 11:00:00 GMT", 0],
  ["soon", 2_000],
])("understands Retry-After %s", (text, pauseMs) => {
  const answer = { status: 503, headers: new Headers({ "retry-after": text }) };

  expect(pauseBeforeRetry(answer, 2, Date.parse("2026-11-22T12:00:00Z"))).toBe(pauseMs);
});

test.each([
  [{}, "http://127.0.0.1:8080"],
  [{ OPENFAAS_URL: "http://gateway:8080/" }, "http://gateway:8080/function/query-api"],
  [{ OPENFAAS_URL: "http://gateway:8080", POLYTAPE_URL: "https://tape.example" }, "https://tape.example"],
])("finds the API of %j at %s", (environment, url) => {
  expect(apiUrl(apiSettings.parse(environment))).toBe(url);
});

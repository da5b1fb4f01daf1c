import { HOUR_MS } from "@polytape/market-model";
import { type MarketStore, openMarketStore, SCHEMA_VERSION } from "@polytape/market-store";
import { type Finding, findingsOf, rejections, storeWorld } from "@polytape/query-api/testing/contract";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { deployQueryApi, type QueryApiDeployment } from "./query-api-deployment.ts";
import { type QueryApiOverStore, queryApiOver } from "./query-api-over.ts";

/**
 * The tables of what is answered and what is refused once more, over a real store and through the gateway, at both
 * addresses of the function. (What is denied: query-api-denials.test.ts.)
 */
let copy: StoreCopy;
let store: MarketStore;
let deployment: QueryApiDeployment;
let inProcess: QueryApiOverStore;
let key: string;
let startMs: number;
const ADDRESSES = ["", "/function/query-api"];

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings, { now: () => Date.now() - 60_000 });
  ({ startMs } = await storeWorld(store, Date.now() - HOUR_MS));
  await copy.settle();
  inProcess = await queryApiOver(store, Date.now);
  deployment = await deployQueryApi(copy.settings.indexPrefix ?? "");
  key = await deployment.makeKey({ rateRps: 10_000 });
});

afterAll(async () => {
  await deployment?.close();
  await store?.close();
  await copy?.remove();
});

function ask(path: string, method = "GET"): Promise<Response> {
  return deployment.ask(path, { method, headers: { "x-api-key": key } });
}

const body = z.record(z.string(), z.unknown());
const envelope = z.looseObject({
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  request_id: z.string().optional(),
});
/** Of an answer: what depends on the moment at which it was given. */
const MOMENTARY: Record<string, readonly string[]> = { "/v1/markets": ["as_of", "next_cursor", "coverage"] };

function lasting({ route }: Finding, text: string): object {
  const momentary = MOMENTARY[route] ?? ["as_of", "next_cursor"];
  const fields = Object.entries(body.parse(JSON.parse(text)));
  return Object.fromEntries(fields.filter(([name]) => !momentary.includes(name)));
}

test.each(ADDRESSES)("%s/v1/… answers all questions of the table, as in one process", async (address) => {
  for (const finding of findingsOf(startMs)) {
    const { route, path, contentType = "application/json" } = finding;
    const answer = await ask(`${address}${path}`);
    const text = await answer.text();
    expect([path, answer.status]).toEqual([path, 200]);
    // The template says the charset of JSON too.
    expect(answer.headers.get("content-type")?.replace(/(json); charset=utf-8$/, "$1"), path).toBe(
      contentType,
    );
    expect(answer.headers.get("x-request-id"), path).not.toBeNull();
    expect(Number(answer.headers.get("ratelimit-limit")), path).toBeGreaterThan(0);
    if (["/v1/me", "/v1/status", "/health"].includes(route)) continue;
    const here = await (await inProcess.send(path)).text();
    if (contentType !== "application/json") expect(text, path).toBe(here);
    else expect(lasting(finding, text), path).toEqual(lasting(finding, here));
  }
});

test("/v1/status tells the versions of what it runs on", async () => {
  const { versions } = body.parse(await (await ask("/v1/status")).json());

  const number = expect.stringMatching(/^\d+\.\d+\.\d+/);
  expect(versions).toEqual({
    ...{ polytape: number, api: "v1", opensearch: number, nats: number },
    schema: SCHEMA_VERSION,
  });
});

// Of these the function sees nothing: what reads the query before it leaves the two names out, and refuses a path
// that is no text in words of its own.
const UNSEEN = /[?&](__proto__)?=|%ff/;

test.each(ADDRESSES)(
  "%s/v1/… refuses everything of the table in the envelope, and says why",
  async (address) => {
    const surprises: unknown[] = [];
    for (const { path, status, code, why = "" } of rejections.filter(({ path }) => !UNSEEN.test(path))) {
      const answer = await ask(`${address}${path}`);
      const { request_id, error } = envelope.parse(await answer.json());
      const isAsSaid =
        answer.status === status &&
        request_id === answer.headers.get("x-request-id") &&
        error?.code === code &&
        error.message.includes(why);
      if (!isAsSaid) surprises.push([path, answer.status, error]);
    }

    expect(surprises).toEqual([]);
  },
);

test.each(ADDRESSES)(
  "%s/v1/… answers HEAD with the length of a body and none, and refuses to change anything",
  async (address) => {
    for (const { path } of findingsOf(startMs)) {
      const head = await ask(`${address}${path}`, "HEAD");
      expect([path, head.status, await head.text()]).toEqual([path, 200, ""]);
      expect(Number(head.headers.get("content-length")), path).toBeGreaterThan(2);
      const post = await ask(`${address}${path}`, "POST");
      const refused = envelope.parse(await post.json());
      expect([path, post.status, refused.error?.code]).toEqual([path, 405, "method_not_allowed"]);
    }
  },
);

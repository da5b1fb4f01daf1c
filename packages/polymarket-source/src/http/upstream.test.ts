import { setTimeout as sleepMs } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  brokenOff,
  html,
  json,
  type LoopbackUpstream,
  silent,
  startLoopbackUpstream,
  text,
} from "../testing/loopback-upstream.ts";
import { sourceUnderTest } from "../testing/source-under-test.ts";
import { aWireBook } from "../testing/wire-records.ts";

let upstream: LoopbackUpstream;
let requestsBefore = 0;
beforeAll(async () => {
  upstream = await startLoopbackUpstream();
});
beforeEach(() => {
  requestsBefore = upstream.received.length;
});
afterAll(() => upstream.close());

const tries = () => upstream.received.length - requestsBefore;
const whole = json({ data: { computed_at: "2026-09-21T14:15:00Z", serving: { lag_seconds: 4 } } });

describe("tries again what is transient", () => {
  test.each([
    ["a server error", json({ error: "cannot get the information" }, 500)],
    ["an HTML page of an outage", html(502)],
    ["an HTML page under 403", html(403)],
    ["an HTML page under 200", html(200)],
    ["a throttled request", json({ error: "rate limited" }, 429)],
    ["a service that is not ready", text("service not ready", 425)],
    ["JSON that was cut", text('{"data":{"computed_at":"2026-', 200, { "content-type": "application/json" })],
    ["a body that breaks off", brokenOff('{"data":')],
    ["an empty body", text("", 200)],
    ["a connection that breaks", (_request: unknown, response: { destroy(): void }) => response.destroy()],
  ])("%s", async (_what, failure) => {
    upstream.reply(failure, whole);
    const { source, slept } = sourceUnderTest(upstream.url);

    expect(await source.readStatus()).toEqual({ lagSeconds: 4, computedAtMs: 1_790_000_100_000 });
    expect(tries()).toBe(2);
    expect(slept).toEqual([125]);
  });
});

describe("tries once what would fail the same again", () => {
  test.each([
    ["a bad request", json({ error: "Invalid token id" }, 400), 400],
    ["an unauthorized one", json({ error: "no" }, 401), 401],
    ["an unknown route", text("404 page not found", 404), 404],
    ["a route that is not implemented", json({ error: "not implemented" }, 501), 501],
  ])("%s", async (_what, failure, status) => {
    upstream.reply(failure);
    const { source } = sourceUnderTest(upstream.url);

    const asked = source.readMarketPage({ closed: false, order: "id", cursor: null });

    await expect(asked).rejects.toMatchObject({
      kind: "operating",
      code: "upstream_refused",
      facts: { status, tries: 1 },
    });
    expect(tries()).toBe(1);
  });
});

test("gives up after the last try, with growing delays, and states endpoint, status and tries only", async () => {
  upstream.reply(json({ error: "internal", secret: "x".repeat(9_000) }, 500));
  const { source, slept } = sourceUnderTest(upstream.url, { triesMax: 4 });

  const error = await source.readStatus().catch((caught: unknown) => caught);

  expect(error).toMatchObject({
    kind: "operating",
    code: "upstream_unavailable",
    facts: {
      endpoint: expect.stringMatching(/^GET 127.*\/v2\/status$/),
      status: 500,
      tries: 4,
      reason: "internal",
    },
  });
  expect(tries()).toBe(4);
  expect(slept).toEqual([125, 250, 500]);
});

describe("waits as long as the upstream asks", () => {
  const httpDate = (atMs: number) => new Date(atMs).toUTCString();

  test("in seconds", async () => {
    upstream.reply(json({ error: "slow down" }, 429, { "retry-after": "7" }), whole);
    const { source, slept } = sourceUnderTest(upstream.url);

    await source.readStatus();

    expect(slept).toEqual([7_125]);
  });

  test("as an HTTP date", async () => {
    const { source, slept, now } = sourceUnderTest(upstream.url);
    upstream.reply(json({ error: "slow down" }, 503, { "retry-after": httpDate(now() + 9_000) }), whole);

    await source.readStatus();

    expect(slept).toEqual([9_125]);
  });

  test("in the body, as CLOB says it", async () => {
    upstream.reply(json({ error: "slow down", retry_after_seconds: 3 }, 429), json([aWireBook()]));
    const { source, slept } = sourceUnderTest(upstream.url);

    await source.readBooks(["1001"]);

    expect(slept).toEqual([3_125]);
  });

  test("but not beyond its bound: the caller is told, and later calls ask nothing until then", async () => {
    upstream.reply(json({ error: "slow down" }, 429, { "retry-after": "86400" }));
    const { source, slept } = sourceUnderTest(upstream.url);
    const throttled = { code: "upstream_throttled", facts: { status: 429, tries: 1, retryAfterMs: 60_000 } };

    await expect(source.readStatus()).rejects.toMatchObject(throttled);
    await expect(source.readStatus()).rejects.toMatchObject({
      code: "upstream_throttled",
      facts: { status: null, tries: 0, retryAfterMs: 60_000 },
    });

    expect(slept).toEqual([]);
    expect(tries()).toBe(1);
  });
});

test.each([
  ["before the head", silent()],
  ["in the middle of the body", silent('{"data":')],
])("gives up an answer that stalls %s", async (_where, stall) => {
  upstream.reply(stall);
  const { source } = sourceUnderTest(upstream.url, { timeoutMs: 60, triesMax: 1 });

  await expect(source.readStatus()).rejects.toMatchObject({
    code: "upstream_unavailable",
    facts: { reason: "timeout", tries: 1 },
  });
});

test("refuses a body beyond its bound without reading it to the end", async () => {
  upstream.reply((_request, response) => {
    const megabyte = Buffer.alloc(1024 * 1024, " ");
    const more = () => {
      while (!response.destroyed && response.write(megabyte));
    };
    response.on("drain", more);
    more();
  });
  const { source } = sourceUnderTest(upstream.url, { timeoutMs: 10_000 });

  await expect(source.readStatus()).rejects.toMatchObject({
    code: "upstream_malformed",
    facts: { reason: "too large", tries: 1 },
  });
});

test.each([
  ["before the head", silent()],
  ["in the middle of the body", silent('{"data":')],
])("ends a call when its caller aborts %s", async (_where, stall) => {
  const abort = new AbortController();
  upstream.reply((request, response) => {
    stall(request, response);
    setTimeout(() => abort.abort(), 20);
  });
  const { source } = sourceUnderTest(upstream.url, { timeoutMs: 10_000 });

  await expect(source.withSignal(abort.signal).readStatus()).rejects.toMatchObject({ code: "call_aborted" });
  expect(tries()).toBe(1);
});

test("ends a call that waits for its next try when its caller aborts", async () => {
  const abort = new AbortController();
  upstream.reply((request, response) => {
    json({ error: "slow down" }, 429, { "retry-after": "10" })(request, response);
    setTimeout(() => abort.abort(), 20);
  });
  const { source } = sourceUnderTest(
    upstream.url,
    {},
    { sleep: (ms, signal) => sleepMs(ms, undefined, signal ? { signal } : {}), signal: abort.signal },
  );

  await expect(source.readStatus()).rejects.toMatchObject({ code: "call_aborted" });
  expect(tries()).toBe(1);
});

test("says that a server which is not there gave no answer", async () => {
  const gone = await startLoopbackUpstream();
  await gone.close();
  const { source } = sourceUnderTest(gone.url);

  await expect(source.readStatus()).rejects.toMatchObject({
    code: "upstream_unavailable",
    facts: { status: null, tries: 3, reason: "no answer" },
  });
});

describe("tells what the calls of one run came to", () => {
  const run = () => new AbortController().signal;

  test("requests with their tries, how many were throttled, and the time that went by waiting", async () => {
    upstream.reply(json({ error: "slow" }, 429, { "retry-after": "7" }), html(403), json({}, 500), whole);
    const { source } = sourceUnderTest(upstream.url, { triesMax: 4 });
    const one = source.withSignal(run());

    await one.readStatus();

    expect(one.use()).toEqual({ requests: 4, throttled: 2, waitedMs: 7_125 + 250 + 500 });
    expect(source.withSignal(run()).use()).toEqual({ requests: 0, throttled: 0, waitedMs: 0 });
  });

  test("the wait for a free place within the limits too", async () => {
    upstream.reply(json({ data: [], pagination: { next_cursor: null } }));
    const one = sourceUnderTest(upstream.url, { limitShare: 0.02 }).source.withSignal(run());

    for (let call = 0; call < 5; call += 1)
      await one.readTradePage({ rowSet: "taker", limit: 10, cursor: null });

    expect(one.use()).toEqual({ requests: 5, throttled: 0, waitedMs: 10_000 });
  });
});

describe("keeps its share of the documented limits", () => {
  test("by waiting for a free place", async () => {
    upstream.reply(json({ data: [], pagination: { next_cursor: null } }));
    const { source, slept } = sourceUnderTest(upstream.url, { limitShare: 0.02 });

    for (let call = 0; call < 9; call += 1)
      await source.readTradePage({ rowSet: "taker", limit: 10, cursor: null });

    // 2 % of 200 in 10 seconds are 4: the 5th and the 9th call wait for a whole window.
    expect(slept).toEqual([10_000, 10_000]);
  });

  test("and goes slower after the upstream throttled", async () => {
    const page = json({ data: [], pagination: { next_cursor: null } });
    const { source, slept } = sourceUnderTest(upstream.url, { limitShare: 0.2, triesMax: 1 });
    const read = () => source.readTradePage({ rowSet: "taker", limit: 10, cursor: null });
    upstream.reply(page);
    for (let call = 0; call < 9; call += 1) await read();
    upstream.reply(html(403), page);
    await expect(read()).rejects.toMatchObject({ code: "upstream_throttled" });

    // 10 were sent, so 5 a window are left.
    for (let call = 0; call < 5; call += 1) await read();

    expect(slept).toEqual([10_000]);
  });
});

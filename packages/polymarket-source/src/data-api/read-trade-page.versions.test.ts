import { afterAll, beforeAll, expect, test } from "vitest";
import {
  html,
  json,
  type LoopbackUpstream,
  type Reply,
  startLoopbackUpstream,
  text,
} from "../testing/loopback-upstream.ts";
import { sourceUnderTest } from "../testing/source-under-test.ts";
import { aWireTrade, aWireTradePage, aWireTradeV1 } from "../testing/wire-records.ts";

let upstream: LoopbackUpstream;
beforeAll(async () => {
  upstream = await startLoopbackUpstream();
});
afterAll(() => upstream.close());

const head = { rowSet: "taker", limit: 500, cursor: null } as const;
const older = aWireTradeV1({ timestamp: 1_789_999_990 });
const v1Page = json([aWireTradeV1(), older]);

/** Answers v2 and v1 by their paths. */
function serve(v2: Reply, v1: Reply = v1Page): () => string[] {
  const before = upstream.received.length;
  upstream.reply((request, response) =>
    (request.url.pathname.startsWith("/v2/") ? v2 : v1)(request, response),
  );
  return () => upstream.received.slice(before).map(({ url }) => url.pathname);
}

test.each([404, 501])(
  "reads by v1 while v2 is answered %i, and tries v2 again after five minutes",
  async (status) => {
    const { source } = sourceUnderTest(upstream.url);
    let nowMs = 1_790_000_100_000;
    const timed = sourceUnderTest(upstream.url, {}, { now: () => nowMs });
    const paths = serve(json({ error: "no such route" }, status));

    const page = await source.readTradePage(head);
    expect(page).toMatchObject({ version: "v1", isCapped: false, cutSeconds: [] });
    expect(page.rows).toHaveLength(1);

    await timed.source.readTradePage(head);
    await timed.source.withSignal(new AbortController().signal).readTradePage(head);
    expect(paths()).toEqual(["/v2/trades", "/trades", "/v2/trades", "/trades", "/trades"]);

    serve(json(aWireTradePage([aWireTrade()])));
    nowMs += 299_000;
    expect((await timed.source.readTradePage(head)).version).toBe("v1");
    nowMs += 1_000;
    expect((await timed.source.readTradePage(head)).version).toBe("v2");
  },
);

test.each<[string, Reply, string]>([
  ["a server error", json({ error: "internal" }, 500), "upstream_unavailable"],
  ["an HTML page under 404", html(404), "upstream_throttled"],
  ["an HTML page under 501", html(501), "upstream_refused"],
  ["plain text under 404", text("404 page not found", 404), "upstream_refused"],
  ["a bad request", json({ error: "invalid" }, 400), "upstream_refused"],
])("does not go to v1 for %s", async (_what, reply, code) => {
  const paths = serve(reply);
  const { source } = sourceUnderTest(upstream.url);

  await expect(source.readTradePage(head)).rejects.toMatchObject({ code });
  expect(new Set(paths())).toEqual(new Set(["/v2/trades"]));
});

test("refuses a cursor of v2 when v2 has gone, and begins on v1 at the head", async () => {
  const { source } = sourceUnderTest(upstream.url);
  const paths = serve(json({ error: "gone" }, 404));

  await expect(source.readTradePage({ ...head, cursor: "of-v2" })).rejects.toMatchObject({
    code: "cursor_refused",
    facts: { version_changed: true },
  });
  expect((await source.readTradePage(head)).version).toBe("v1");
  expect(paths()).toEqual(["/v2/trades", "/trades"]);
});

test("stays on v1 with a cursor of v1 when v2 is back, and refuses it when v1 has gone", async () => {
  const { source } = sourceUnderTest(upstream.url);
  serve(json({ error: "gone" }, 404));
  const { nextCursor: cursor } = await source.readTradePage(head);

  const paths = serve(json(aWireTradePage([aWireTrade()])));
  expect((await source.readTradePage({ ...head, cursor })).version).toBe("v1");
  expect(paths()).toEqual(["/trades"]);

  serve(json(aWireTradePage([aWireTrade()])), json({ error: "gone" }, 404));
  await expect(source.readTradePage({ ...head, cursor })).rejects.toMatchObject({
    code: "cursor_refused",
    facts: { version_changed: true },
  });
});

test("takes the time since a status was computed for lag: it may have stood still since", async () => {
  const { source } = sourceUnderTest(upstream.url);
  serve(json({ data: { computed_at: "2026-09-21T08:15:00Z", serving: { lag_seconds: 4 } } }));

  expect((await source.readStatus()).lagSeconds).toBe(6 * 3_600 + 4);
});

test("takes the age of the newest row for the lag where v2 tells no status", async () => {
  const { source } = sourceUnderTest(upstream.url);
  serve(json({ error: "no such route" }, 404));

  expect(await source.readStatus()).toEqual({ lagSeconds: 100, computedAtMs: 1_790_000_100_000 });

  serve(json({ error: "no such route" }, 404), json([]));
  await expect(source.readStatus()).rejects.toMatchObject({ code: "upstream_malformed" });
});

test("gives the same row for the same trade in either form", async () => {
  const { source } = sourceUnderTest(upstream.url);
  const hash = `0x${"C3".repeat(32)}`;
  serve(json(aWireTradePage([aWireTrade({ size: "5.0", price: "0.60", transaction_hash: hash })])));
  const [v2] = (await source.readTradePage(head)).rows;
  serve(json({ error: "gone" }, 404), json([aWireTradeV1({ size: 5, price: 0.6 }), older]));
  const [v1] = (await source.readTradePage(head)).rows;

  expect(v1).toEqual(v2);
});

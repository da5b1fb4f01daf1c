import { hasCode } from "@polytape/market-model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { html, json, type LoopbackUpstream, startLoopbackUpstream } from "../testing/loopback-upstream.ts";
import { sourceUnderTest } from "../testing/source-under-test.ts";
import { aWireTrade, aWireTradePage } from "../testing/wire-records.ts";

let upstream: LoopbackUpstream;
beforeAll(async () => {
  upstream = await startLoopbackUpstream();
});
afterAll(() => upstream.close());

const head = { rowSet: "taker", limit: 500, cursor: null } as const;

test("reads a page with its cursor, and sets a bad row aside without losing the others", async () => {
  const bad = { ...aWireTrade(), side: "HOLD" };
  upstream.reply(json(aWireTradePage([aWireTrade({ price: 0.61 }), bad, aWireTrade()], "older")));
  const { source, now } = sourceUnderTest(upstream.url);

  const page = await source.readTradePage(head);

  expect(page.rows.map((row) => row.price)).toEqual([0.61, 0.6]);
  expect(page.rejected).toEqual([
    { kind: "trade", reason: expect.stringMatching(/^side: /), raw: bad, receivedAtMs: now() },
  ]);
  expect(page.nextCursor).toBe("older");
  expect(page.receivedAtMs).toBe(now());
});

test("sends the same filters with a cursor as without", async () => {
  upstream.reply(json(aWireTradePage([], "older")));
  const { source } = sourceUnderTest(upstream.url);
  const before = upstream.received.length;

  await source.readTradePage({ rowSet: "all", limit: 1000, cursor: null });
  await source.readTradePage({ rowSet: "all", limit: 1000, cursor: "a+b/c=" });

  const [first, second] = upstream.received.slice(before).map((request) => request.url);
  expect(first?.pathname).toBe("/v2/trades");
  expect(Object.fromEntries(first?.searchParams ?? [])).toEqual({ limit: "1000", taker_only: "false" });
  expect(Object.fromEntries(second?.searchParams ?? [])).toEqual({
    limit: "1000",
    taker_only: "false",
    cursor: "a+b/c=",
  });
});

test("asks for one market on every page of its feed", async () => {
  upstream.reply(json(aWireTradePage([], "older")));
  const { source } = sourceUnderTest(upstream.url);
  const before = upstream.received.length;

  await source.readTradePage({ ...head, marketId: "0xa1" });
  await source.readTradePage({ ...head, marketId: "0xa1", cursor: "older-still" });

  const asked = upstream.received.slice(before).map(({ url }) => url.searchParams.get("condition"));
  expect(asked).toEqual(["0xa1", "0xa1"]);
});

test("ends only where the upstream says that there is no more", async () => {
  const { source } = sourceUnderTest(upstream.url);

  upstream.reply(json(aWireTradePage([aWireTrade()])));
  expect((await source.readTradePage(head)).nextCursor).toBeNull();

  upstream.reply(json({ data: [], pagination: { has_more: true, next_cursor: null } }));
  await expect(source.readTradePage(head)).rejects.toMatchObject({ code: "upstream_malformed" });

  upstream.reply(json(aWireTradePage([aWireTrade()], "same")));
  await expect(source.readTradePage({ ...head, cursor: "same" })).rejects.toMatchObject({
    code: "upstream_malformed",
  });
});

test("tells a refused cursor from a refused request", async () => {
  const { source } = sourceUnderTest(upstream.url);
  upstream.reply(json({ error: "bad cursor", code: "invalid_request", retryable: false }, 400));

  await expect(source.readTradePage({ ...head, cursor: "forged" })).rejects.toSatisfy((error) =>
    hasCode(error, "cursor_refused"),
  );
  await expect(source.readTradePage(head)).rejects.toMatchObject({
    code: "upstream_refused",
    facts: { status: 400, tries: 1, reason: "bad cursor" },
  });
});

test.each([404, 501])("says with which status the route was refused: %i", async (status) => {
  const { source } = sourceUnderTest(upstream.url);
  upstream.reply(json({ error: "no such route" }, status));

  await expect(source.readTradePage(head)).rejects.toMatchObject({
    kind: "operating",
    code: "upstream_refused",
    facts: { status, tries: 1 },
  });
});

test("never takes an HTML page for a missing route", async () => {
  const { source } = sourceUnderTest(upstream.url);
  upstream.reply(html(404));

  await expect(source.readTradePage(head)).rejects.toMatchObject({ code: "upstream_throttled" });
});

test("refuses an answer of another shape as a whole", async () => {
  const { source } = sourceUnderTest(upstream.url);
  upstream.reply(json([aWireTrade()]));

  await expect(source.readTradePage(head)).rejects.toMatchObject({ code: "upstream_malformed" });
});

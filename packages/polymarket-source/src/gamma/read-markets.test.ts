import { afterAll, beforeAll, expect, test } from "vitest";
import { json, type LoopbackUpstream, startLoopbackUpstream } from "../testing/loopback-upstream.ts";
import { sourceUnderTest } from "../testing/source-under-test.ts";
import { aWireMarket } from "../testing/wire-records.ts";

let upstream: LoopbackUpstream;
beforeAll(async () => {
  upstream = await startLoopbackUpstream();
});
afterAll(() => upstream.close());

const idOf = (byte: string) => `0x${byte.repeat(32)}`;

test("reads a page of the catalogue, states whether closed ones are meant, and asks for tags", async () => {
  upstream.reply(json({ markets: [aWireMarket(), { id: "1" }], next_cursor: "next" }));
  const { source } = sourceUnderTest(upstream.url);

  const page = await source.readMarketPage({ closed: true, order: "updated", cursor: "here" });

  expect(page.markets.map((market) => market.slug)).toEqual(["will-it-rain-tomorrow"]);
  expect(page.rejected).toMatchObject([{ kind: "market", raw: { id: "1" } }]);
  expect(page.nextCursor).toBe("next");
  const url = upstream.received.at(-1)?.url;
  expect(url?.pathname).toBe("/markets/keyset");
  expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({
    limit: "100",
    closed: "true",
    include_tag: "true",
    order: "updatedAt",
    ascending: "false",
    after_cursor: "here",
  });
});

test.each([
  ["id", "true"],
  ["newest", "false"],
] as const)("walks by id for a sweep: %s", async (order, ascending) => {
  upstream.reply(json({ markets: [], next_cursor: null }));
  const { source } = sourceUnderTest(upstream.url);

  const page = await source.readMarketPage({ closed: false, order, cursor: null });

  expect(page.nextCursor).toBeNull();
  const query = upstream.received.at(-1)?.url.searchParams;
  expect([query?.get("order"), query?.get("ascending"), query?.get("closed")]).toEqual([
    "id",
    ascending,
    "false",
  ]);
});

test("takes a short page with a cursor for a page, and an absent cursor for the end", async () => {
  const { source } = sourceUnderTest(upstream.url);
  const first = { closed: false, order: "id", cursor: null } as const;

  upstream.reply(json({ markets: [], next_cursor: "more" }));
  expect((await source.readMarketPage(first)).nextCursor).toBe("more");

  upstream.reply(json({ markets: [aWireMarket()] }));
  expect((await source.readMarketPage(first)).nextCursor).toBeNull();
});

test.each([400, 422])("calls a cursor refused when its page answers %i", async (status) => {
  upstream.reply(json({ type: "validation error", error: "invalid cursor" }, status));
  const { source } = sourceUnderTest(upstream.url);

  await expect(source.readMarketPage({ closed: false, order: "id", cursor: "old" })).rejects.toMatchObject({
    code: "cursor_refused",
  });
});

test("looks up open markets first and asks for the rest as closed", async () => {
  const [open, closed, unknown] = [idOf("a1"), idOf("a2"), idOf("a3")];
  upstream.reply((request, response) => {
    const isClosed = request.url.searchParams.get("closed") === "true";
    const market = aWireMarket({ closed: isClosed, conditionId: isClosed ? closed : open });
    json([market])(request, response);
  });
  const { source } = sourceUnderTest(upstream.url);
  const before = upstream.received.length;

  const found = await source.findMarkets([open, closed, unknown, open]);

  expect(found.markets.map((market) => [market.marketId, market.status])).toEqual([
    [open, "open"],
    [closed, "closed"],
  ]);
  const asked = upstream.received.slice(before).map(({ url }) => url.searchParams.getAll("condition_ids"));
  expect(asked).toEqual([
    [open, closed, unknown],
    [closed, unknown],
  ]);
});

test("refuses more than 40 ids as a mistake of the caller, and asks nothing for none", async () => {
  const { source } = sourceUnderTest(upstream.url);
  const before = upstream.received.length;

  await expect(source.findMarkets(Array.from({ length: 41 }, (_, i) => `0x${i}`))).rejects.toMatchObject({
    kind: "bug",
  });
  expect((await source.findMarkets([])).markets).toEqual([]);
  expect(upstream.received.length).toBe(before);
});

test("finds one market by slug and by Gamma id, and answers null for an unknown one", async () => {
  const { source } = sourceUnderTest(upstream.url);

  upstream.reply(json(aWireMarket()));
  expect(await source.findMarketBySlug("a/b ü")).toMatchObject({ gammaId: "500001" });
  expect(upstream.received.at(-1)?.url.pathname).toBe("/markets/slug/a%2Fb%20%C3%BC");
  expect(await source.findMarketByGammaId("500001")).toMatchObject({ gammaId: "500001" });
  expect(upstream.received.at(-1)?.url.pathname).toBe("/markets/500001");

  upstream.reply(json({ type: "not found error", error: "slug not found" }, 404));
  expect(await source.findMarketBySlug("nowhere")).toBeNull();
  expect(await source.findMarketByGammaId("7")).toBeNull();
});

test("asks nothing for a slug or id that cannot be one", async () => {
  const { source } = sourceUnderTest(upstream.url);
  const before = upstream.received.length;

  expect(await source.findMarketBySlug("..")).toBeNull();
  expect(await source.findMarketBySlug("")).toBeNull();
  expect(await source.findMarketByGammaId("../status")).toBeNull();
  expect(upstream.received.length).toBe(before);
});

test("says so when the one market it found cannot be read", async () => {
  upstream.reply(json(aWireMarket({ outcomes: "[]" })));
  const { source } = sourceUnderTest(upstream.url);

  await expect(source.findMarketBySlug("odd")).rejects.toMatchObject({
    code: "upstream_malformed",
    facts: { reason: "outcomes: none" },
  });
});

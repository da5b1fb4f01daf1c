import { openMarketStore } from "@polytape/market-store";
import { describeStoreBehaviour, type StoreUnderTest } from "@polytape/market-store/behaviour";
import { afterAll, beforeAll, describe, inject } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

const changeHits = z.object({
  hits: z.object({ hits: z.array(z.object({ _source: z.object({ title: z.string() }) })) }),
});

describe("market store on a real server", () => {
  const clock = { nowMs: 1_790_000_000_000 };
  let copy: StoreCopy;
  let underTest: StoreUnderTest;

  beforeAll(async () => {
    copy = await makeStoreCopy(inject("openSearchUrl"));
    const { names, server, settle } = copy;
    underTest = {
      store: openMarketStore(copy.settings, { now: () => clock.nowMs }),
      clock,
      settle,
      async loseBookSide(assetId, tsMs, side) {
        const path = `/${names.books}/_doc/${encodeURIComponent(`${assetId}|${tsMs}|${side}`)}`;
        await server.request({ method: "DELETE", path });
      },
      // One bulk that is larger than the memory for all of them: a tenth of the heap.
      async meetTooMuch() {
        const line = `{"create":{"_index":"${names.prefix}too-much"}}\n{"text":"${"x".repeat(1_000_000)}"}\n`;
        const lines = Buffer.from(line.repeat(60));
        await server.request({ method: "POST", path: "/_bulk", lines, accept: [429], once: true });
      },
      async duringFullDisk(act) {
        const path = `/${names.prefix}*/_settings`;
        const block = (isOn: true | null) =>
          server.request({ method: "PUT", path, body: { "index.blocks.read_only_allow_delete": isOn } });
        await block(true);
        return act().finally(() => block(null));
      },
      async observedTitles(marketId) {
        const answer = await server.request({
          method: "POST",
          path: `/${names.marketChanges}/_search`,
          body: { query: { term: { market_id: marketId } }, sort: [{ observed_at: "asc" }] },
        });
        return changeHits.parse(answer.body).hits.hits.map(({ _source }) => _source.title);
      },
    };
  });

  afterAll(async () => {
    await underTest?.store.close();
    await copy?.remove();
  });

  describeStoreBehaviour(() => underTest);
});

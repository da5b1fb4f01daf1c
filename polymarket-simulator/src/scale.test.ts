import { expect, test } from "vitest";
import { manualClock, startSimulator } from "./index.ts";

const EPOCH = Date.UTC(2026, 10, 20, 12);

test("a world of 220,000 markets is made only where it is looked at", async () => {
  const simulator = await startSimulator({
    epochMs: EPOCH,
    marketCount: 220_000,
    now: () => EPOCH + 600_000,
  });
  const newest = await fetch(`${simulator.url}/gamma/markets/keyset?limit=1&order=id&ascending=false`);
  const { markets } = (await newest.json()) as { markets: { conditionId: string; id: string }[] };
  const found = await fetch(`${simulator.url}/gamma/markets?condition_ids=${markets[0]?.conditionId}`);
  const trades = await fetch(`${simulator.url}/data/v2/trades?limit=100`);

  expect(Number(markets[0]?.id)).toBeGreaterThan(2_000_000);
  expect(await found.json()).toMatchObject([{ id: markets[0]?.id }]);
  expect(((await trades.json()) as { data: object[] }).data).toHaveLength(100);
  await simulator.close();
});

test("a manual clock stands still until it is told the time", async () => {
  const simulator = await startSimulator({ epochMs: EPOCH, clock: manualClock(EPOCH + 10_000) });
  const newest = async () => {
    const answer = await fetch(`${simulator.url}/data/v2/trades?limit=1`);
    return ((await answer.json()) as { data: { timestamp: number }[] }).data[0]?.timestamp ?? 0;
  };
  const before = await newest();
  const advance = { method: "POST", body: '{"advance_ms":60000}' };
  await fetch(`${simulator.url}/_clock`, advance);

  expect((await newest()) - before).toBeGreaterThanOrEqual(56);
  await simulator.close();
});

test("v1 trades are the rows of v2 under their old names", async () => {
  const simulator = await startSimulator({ epochMs: EPOCH, now: () => EPOCH + 600_000 });
  const from = EPOCH / 1_000 + 100;
  const old = await fetch(
    `${simulator.url}/data/trades?limit=10000&start=${from}&end=${from + 59}&takerOnly=false`,
  );
  const rows = (await old.json()) as Record<string, unknown>[];
  const query = `from=${from}&to=${from + 60}&taker_only=false`;
  const lines = (await (await fetch(`${simulator.url}/_truth/trades?${query}`)).text()).trim().split("\n");
  const truth = lines.map((line) => JSON.parse(line) as { transaction_hash: string; multiplicity: number });

  expect(rows.length).toBe(truth.reduce((sum, { multiplicity }) => sum + multiplicity, 0));
  expect(new Set(rows.map((row) => row["transactionHash"]))).toEqual(
    new Set(truth.map((row) => row.transaction_hash)),
  );
  expect(rows.length).toBeGreaterThan(500);
  await simulator.close();
});

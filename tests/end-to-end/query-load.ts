import { byContractThroughGateway } from "@polytape/query-api/testing/contract";
import { z } from "zod";
import { type Dice, openDice } from "../integration/long-run/dice.ts";

export interface Load {
  readonly gatewayUrl: string;
  readonly key: string;
  readonly marketIds: readonly string[];
}

interface Question {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Hangs up before the answer is there. */
  readonly impatient?: boolean;
}

/** Between two requests of one client: this is about what is kept, not about speed. */
const PAUSE_MS = 15;
const GIVE_UP_MS = 60_000;
const IMPATIENT_MS = 3;
const list = z.looseObject({ next_cursor: z.string().nullish() });

/** Asks by several clients at once until a moment; how often each status came. Hanging up counts as `left`. */
export async function askEverything(
  load: Load,
  { clients, endMs }: { clients: number; endMs: number },
): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  async function client(number: number): Promise<void> {
    const dice = openDice(number);
    let cursor: string | null = null;
    while (Date.now() < endMs) {
      const walksOn = cursor !== null && dice.happens(0.3);
      const question = walksOn ? { path: `/v1/trades?limit=200&cursor=${cursor}` } : questionOf(load, dice);
      const { status, nextCursor } = await askOne(load, question);
      if (nextCursor !== undefined) cursor = nextCursor;
      seen[status] = (seen[status] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number + 1)));
  return seen;
}

/** Of the question without conditions also where it goes on. */
async function askOne(
  { gatewayUrl, key }: Load,
  { path, headers = {}, impatient = false }: Question,
): Promise<{ status: string; nextCursor?: string | null }> {
  const signal = AbortSignal.timeout(impatient ? IMPATIENT_MS : GIVE_UP_MS);
  try {
    const answer = await byContractThroughGateway(
      { path },
      await fetch(`${gatewayUrl}${path}`, { headers: { "x-api-key": key, ...headers }, signal }),
    );
    const text = await answer.text();
    const status = String(answer.status);
    if (answer.status !== 200 || !path.startsWith("/v1/trades?limit=200")) return { status };
    return { status, nextCursor: list.parse(JSON.parse(text)).next_cursor ?? null };
  } catch (error) {
    if (impatient && signal.aborted) return { status: "left" };
    throw error;
  }
}

/** Every endpoint, every format, refusals and strangers; always other markets and moments, so that caches fill. */
function questionOf({ marketIds }: Load, dice: Dice): Question {
  const market = marketIds[dice.whole(0, marketIds.length - 1)] ?? "";
  const from = Date.now() - dice.whole(60_000, 3_600_000);
  const unheardOf = `m-${dice.whole(0, 1_000_000_000)}`;
  const of = `market_id=${market}`;
  return dice.pick<Question>([
    { path: "/v1/trades?limit=200" },
    { path: `/v1/trades?${of}&outcome=0&from=${from}&aggregates=volume,vwap,n&sort=ts:asc` },
    { path: `/v1/trades?limit=1000&from=${from}&format=csv` },
    { path: `/v1/trades?limit=1000&from=${from}`, headers: { accept: "application/x-ndjson" } },
    { path: `/v1/candles?${of}&outcome=0&interval=1m&from=${from - 80_000_000}` },
    { path: `/v1/candles?${of}&outcome=1&interval=1h` },
    { path: `/v1/orderbook?${of}&outcome=0&match=nearest` },
    { path: `/v1/markets?limit=100&q=will&page=${dice.whole(1, 3)}` },
    { path: `/v1/markets/${market}` },
    { path: `/v1/markets/${unheardOf}` },
    { path: `/v1/trades?market_id=${unheardOf}` },
    { path: `/v1/coverage?from=${from}` },
    { path: "/v1/me" },
    { path: "/v1/status" },
    { path: "/health" },
    { path: "/docs" },
    { path: "/openapi.json", headers: { "if-none-match": "*" } },
    { path: "/v1/trades?limit=0" },
    { path: `/v1/trades?cursor=${unheardOf}` },
    { path: "/v1/trades", headers: { "x-api-key": unheardOf } },
    { path: `/v1/trades?limit=1000&from=${from}`, impatient: true },
  ]);
}

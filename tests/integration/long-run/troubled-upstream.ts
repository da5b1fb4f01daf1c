import { tradeRowKey } from "@polytape/market-model";
import { openSimulation } from "@polytape/polymarket-simulator";
import { connectPolymarket, type PolymarketSource, type TradePage } from "@polytape/polymarket-source";
import { readTruth, type Span } from "../../end-to-end/truth.ts";
import type { Dice } from "./dice.ts";

/** A clock that only goes on when the story says so, or when somebody waits. */
export interface StoryClock {
  now(): number;
  advance(ms: number): void;
}

export function openStoryClock(startMs: number): StoryClock {
  let atMs = startMs;
  return {
    now: () => atMs,
    advance: (ms) => {
      atMs += Math.ceil(ms);
    },
  };
}

/** What is wrong with the upstream at present. */
export interface Trouble {
  /** Share of requests that fail, each in one of the ways in which the real one fails. */
  failures: number;
  /** All answers are so old, and the status says so. */
  behindMs: number;
  /** Some answers come from a replica that is so far behind, and nothing says so. */
  replicaBehindMs: number;
  /** Only the older interface is there, whose offset pages shift when rows are inserted. */
  isWithoutV2: boolean;
  /** Nothing older than this is served. */
  servedSeconds: number;
  /** Rows that it no longer serves, by their keys. */
  readonly withdrawn: Set<string>;
}

export function noTrouble(): Trouble {
  return {
    failures: 0,
    behindMs: 0,
    replicaBehindMs: 0,
    isWithoutV2: false,
    servedSeconds: Number.POSITIVE_INFINITY,
    withdrawn: new Set(),
  };
}

export interface UpstreamSettings {
  readonly seed: number;
  readonly epochMs: number;
  readonly tradesPerSecond: number;
  /** Share of settlements that appear late, and by how much. */
  readonly lateShare: number;
  readonly lateSeconds: number;
  /** Small pages make long walks of few rows. */
  readonly pageRowsMax: number;
}

export interface TroubledUpstream {
  readonly trouble: Trouble;
  /** A connection of a process of its own, with the limits and the memory of throttling that belong to it. */
  connect(options: ConnectOptions): Pick<PolymarketSource, "readTradePage" | "readStatus" | "findMarkets">;
  /** Well-formed taker rows that were visible by now, as a multiset. */
  truth(span: Span): Promise<Map<string, number>>;
  setLate(share: number, seconds: number): void;
}

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** Called before each request. */
  onRequest(): void;
}

const FAILURES = ["throttled", "broken", "forbidden", "truncated", "unreachable", "slow"] as const;

/**
 * The simulator's world behind the real client, both in this process: what the client sends is answered by the
 * simulator's own routes, unless something goes wrong on the way.
 */
export function troubledUpstream(
  settings: UpstreamSettings,
  clock: StoryClock,
  dice: Dice,
): TroubledUpstream {
  const trouble = noTrouble();
  let viewBehindMs = 0;
  const { seed, epochMs, tradesPerSecond, lateShare, lateSeconds } = settings;
  const world = openSimulation(
    {
      ...{ seed, epochMs, tradesPerSecond, marketCount: 12, newMarketsPerHour: 0, closedShare: 0.1 },
      ...{ historyHours: 0.25, historyTradesPerSecond: tradesPerSecond, equalRowsShare: 0.1 },
    },
    () => clock.now() - viewBehindMs,
  );
  const setLate = (share: number, seconds: number) =>
    world.setFault({ name: "late-trades", since: clock.now() / 1_000, share, delay_seconds: seconds });
  world.setFault({ name: "late-trades", since: 0, share: lateShare, delay_seconds: lateSeconds });
  world.setFault({ name: "malformed-rows", since: 0, share: 0.01 });
  world.setFault({ name: "page-shift", probability: 0.2, rows: 3, seed });

  /** The world reads its clock while it is asked, not later. */
  const answer = (request: Request, behindMs: number) => {
    viewBehindMs = behindMs;
    try {
      return world.answer(request);
    } finally {
      viewBehindMs = 0;
    }
  };

  async function send(request: Request): Promise<Response> {
    clock.advance(dice.whole(20, 400));
    if (trouble.isWithoutV2 && new URL(request.url).pathname.includes("/v2/"))
      return new Response("{}", { status: 404, headers: { "content-type": "application/json" } });
    const isStale = trouble.replicaBehindMs > 0 && dice.happens(0.3);
    const behindMs = trouble.behindMs + (isStale ? trouble.replicaBehindMs : 0);
    const failure = dice.happens(trouble.failures) ? dice.pick(FAILURES) : null;
    switch (failure) {
      case "throttled":
        return new Response("{}", { status: 429, headers: { "retry-after": String(dice.whole(0, 3)) } });
      case "broken":
        return new Response("{}", { status: dice.pick([500, 502, 503]) });
      case "forbidden":
        return new Response("<html></html>", { status: 403, headers: { "content-type": "text/html" } });
      case "unreachable":
        throw new TypeError("fetch failed");
      case "truncated":
        return cutInHalf(await answer(request, behindMs));
      case "slow": {
        const late = await answer(request, behindMs);
        clock.advance(6_000);
        return late;
      }
      default:
        return answer(request, behindMs);
    }
  }

  return {
    trouble,
    setLate,
    truth: (span) => readTruth("http://upstream", span, (url) => answer(new Request(url), 0)),
    connect({ signal, onRequest }) {
      const url = "http://upstream/data";
      const source = connectPolymarket(
        { gammaUrl: url, dataUrl: url, clobUrl: url, limitShare: 0.4, timeoutMs: 60_000, triesMax: 2 },
        {
          now: clock.now,
          random: dice.share,
          signal,
          sleep: async (ms) => clock.advance(ms),
          fetch: async (input, init) => {
            onRequest();
            const request = new Request(input, init);
            request.signal.throwIfAborted();
            return send(request);
          },
        },
      );
      return {
        findMarkets: source.findMarkets,
        readTradePage: async (query) =>
          served(
            await source.readTradePage({ ...query, limit: Math.min(query.limit, settings.pageRowsMax) }),
          ),
        readStatus: async () => {
          const status = await source.readStatus();
          return { ...status, lagSeconds: status.lagSeconds + trouble.behindMs / 1_000 };
        },
      };
    },
  };

  /** What the upstream still serves of a page; where it ends, its last second may be cut in two. */
  function served(page: TradePage): TradePage {
    const rows = page.rows.filter((row) => !trouble.withdrawn.has(tradeRowKey(row)));
    const oldest = clock.now() / 1_000 - trouble.servedSeconds;
    const young = rows.filter((row) => row.tsSeconds >= oldest);
    if (young.length === rows.length) return { ...page, rows };
    return { ...page, rows: young.slice(0, -1), nextCursor: null };
  }
}

/** Announces everything, sends half, hangs up. */
async function cutInHalf(whole: Response): Promise<Response> {
  const bytes = new Uint8Array(await whole.arrayBuffer());
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  let isSent = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isSent) return controller.error(new Error("the connection was closed"));
      isSent = true;
      controller.enqueue(half);
    },
  });
  return new Response(body, { status: whole.status, headers: whole.headers });
}

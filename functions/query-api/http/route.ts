import type { AccessGate, ApiKeyRecord } from "@polytape/api-access";
import type { Log } from "@polytape/function-runtime";
import type { CandleInterval, EpochMs } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import type { z } from "zod";
import type { MarketLookup } from "../catalogue/market-lookup.ts";
import type { CompletenessReader } from "../completeness/completeness-reader.ts";
import type { ApiErrorCode } from "./api-error.ts";
import { readBy, readQuery } from "./read-query.ts";

/** What routes work with. */
export interface ApiParts {
  readonly store: MarketStore;
  readonly markets: MarketLookup;
  readonly completeness: CompletenessReader;
  readonly gate: AccessGate;
  /** The health of the store; null when it does not answer. */
  readonly health: () => Promise<Awaited<ReturnType<MarketStore["health"]>> | null>;
  readonly bus: { isConnected(): boolean };
  readonly rules: ApiRules;
  readonly now: () => EpochMs;
  readonly log: Log;
}

export interface ApiRules {
  /** 0: everything is kept for ever. */
  readonly retentionDays: number;
  /** Until then rows may still come late. */
  readonly settleMs: number;
  readonly candleIntervals: readonly CandleInterval[];
  readonly version: string;
}

interface RouteSpec<Path extends z.ZodObject, Query extends z.ZodObject, Answer extends z.ZodType> {
  /** Verb and noun, as its folder. */
  readonly name: string;
  /** With parts in braces: `/v1/markets/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /** Whether a key is needed. */
  readonly access: "key" | "public";
  readonly parts: Path;
  readonly query: Query;
  readonly answer: Answer;
  /** Codes beyond those that every endpoint can answer. */
  readonly refusals: readonly ApiErrorCode[];
  /** Seconds for which a client may use an answer again; 0: never. */
  readonly freshSeconds: number;
  readonly handle: (
    api: ApiParts,
    request: RouteRequest<z.output<Path>, z.output<Query>>,
  ) => Promise<z.output<Answer>>;
  /** Status of an answer that is no error; 200 unless said. */
  readonly statusOf?: (answer: z.output<Answer>) => number;
}

export interface RouteRequest<Path, Query> {
  readonly parts: Path;
  readonly query: Query;
  readonly nowMs: EpochMs;
  /** Null on public routes only. */
  readonly caller: ApiKeyRecord | null;
}

/** One endpoint: its contract, and how it answers. The same schemas validate, type and document. */
export interface Route extends Omit<RouteSpec<z.ZodObject, z.ZodObject, z.ZodType>, "handle" | "statusOf"> {
  respond(api: ApiParts, request: RawRequest): Promise<Response>;
}

export interface RawRequest {
  readonly parts: Readonly<Record<string, string>>;
  readonly search: URLSearchParams;
  readonly caller: ApiKeyRecord | null;
}

export function defineRoute<Path extends z.ZodObject, Query extends z.ZodObject, Answer extends z.ZodType>(
  spec: RouteSpec<Path, Query, Answer>,
): Route {
  const cacheControl = spec.freshSeconds > 0 ? `private, max-age=${spec.freshSeconds}` : "no-store";
  const { handle, statusOf, ...contract } = spec;
  return {
    ...contract,
    async respond(api, { parts, search, caller }) {
      const request = {
        parts: readBy(spec.parts, parts),
        query: readQuery(search, spec.query),
        nowMs: api.now(),
        caller,
      };
      const answer = await handle(api, request);
      return new Response(JSON.stringify(answer), {
        status: statusOf?.(answer) ?? 200,
        headers: { "content-type": "application/json", "cache-control": cacheControl },
      });
    },
  };
}

import type { AccessGate, ApiKeyRecord } from "@polytape/api-access";
import { type Log, textResponse } from "@polytape/function-runtime";
import type { CandleInterval, EpochMs } from "@polytape/market-model";
import type { MarketStore, StoreVersions } from "@polytape/market-store";
import type { z } from "zod";
import type { MarketLookup } from "../catalogue/market-lookup.ts";
import type { CompletenessReader } from "../completeness/completeness-reader.ts";
import type { TapeFreshness } from "../routes/get-status/tape-freshness.ts";
import type { AnswerFormat } from "./answer-format.ts";
import { nextLink } from "./answer-headers.ts";
import type { ApiErrorCode } from "./api-error.ts";
import { readBy, readQuery } from "./read-query.ts";
import { type AnswerList, writeAnswer } from "./write-answer.ts";

/** What routes work with, to answer one question: what they read is given up with it. */
export interface ApiParts {
  readonly store: MarketStore;
  readonly markets: MarketLookup;
  readonly completeness: CompletenessReader;
  readonly gate: AccessGate;
  /** The health of the store; null when it does not answer. */
  readonly health: () => Promise<Awaited<ReturnType<MarketStore["health"]>> | null>;
  /** How fresh the tape is. */
  readonly freshness: () => Promise<TapeFreshness>;
  /** What the store runs on; null: not known. */
  readonly versions: () => Promise<StoreVersions | null>;
  readonly bus: { isConnected(): boolean; serverVersion(): string | null };
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
  /** What takes longer is given up, here and in the store. */
  readonly queryTimeoutMs: number;
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
  /** What answers come from: the store, unless said. Those that need none take no turn. */
  readonly asks?: "store" | "nothing";
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
  /** Of lists: which field holds the rows, and what a row is. The query then takes `format`. */
  readonly list?: AnswerList;
  /** Whether an answer is not expected to change any more: it then carries an ETag. Never, unless said. */
  readonly isSettled?: (
    answer: z.output<Answer>,
    request: RouteRequest<z.output<Path>, z.output<Query>>,
    rules: ApiRules,
  ) => boolean;
}

export interface RouteRequest<Path, Query> {
  readonly parts: Path;
  readonly query: Query;
  readonly nowMs: EpochMs;
  /** Null on public routes only. */
  readonly caller: ApiKeyRecord | null;
}

/** One endpoint: its contract, and how it answers. The same schemas validate, type and document. */
export interface Route
  extends Omit<RouteSpec<z.ZodObject, z.ZodObject, z.ZodType>, "handle" | "statusOf" | "isSettled"> {
  respond(api: ApiParts, request: RawRequest): Promise<Response>;
}

export interface RawRequest {
  readonly parts: Readonly<Record<string, string>>;
  readonly search: URLSearchParams;
  /** What `Accept` asks for; `format=` wins. */
  readonly accepted: AnswerFormat;
  readonly caller: ApiKeyRecord | null;
}

/** For how long an answer that is not expected to change may be used without asking. */
const SETTLED_FRESH_SECONDS = 60;

export function defineRoute<Path extends z.ZodObject, Query extends z.ZodObject, Answer extends z.ZodType>(
  spec: RouteSpec<Path, Query, Answer>,
): Route {
  const { handle, statusOf, isSettled, ...contract } = spec;
  return {
    ...contract,
    async respond(api, { parts, search, accepted, caller }) {
      const request = {
        parts: readBy(spec.parts, parts),
        query: readQuery(search, spec.query),
        nowMs: api.now(),
        caller,
      };
      const answer = await handle(api, request);
      const isLasting = isSettled?.(answer, request, api.rules) ?? false;
      const freshSeconds = isLasting ? SETTLED_FRESH_SECONDS : spec.freshSeconds;
      const written = writeAnswer(spec.list, Object(answer), Object(request.query).format ?? accepted);
      return textResponse(written.text, {
        status: statusOf?.(answer) ?? 200,
        headers: {
          ...written.headers,
          ...(spec.list && { vary: "Accept", ...nextLink(search, Object(answer)) }),
          ...(isLasting && { etag: written.tag() }),
          "cache-control": freshSeconds > 0 ? `private, max-age=${freshSeconds}` : "no-store",
        },
      });
    },
  };
}

import { expect } from "vitest";
import { z } from "zod";
import { contractPages } from "../../contract/contract-pages.ts";
import { errorEnvelope } from "../../http/error-response.ts";
import { routeOf } from "../route-of.ts";
import type { HostileRequest } from "./hostile-requests.ts";

/** Longer would mean that a message repeats what was sent. */
const MESSAGE_LENGTH_MAX = 1_000;

/** Words of our inside: frames of a stack, files, servers and their errors. Nothing that is sent holds one. */
const INSIDE =
  /\n\s+at |[\w-]+\.[cm]?[jt]s\b|node:|node_modules|file:\/\/\/(?!etc)|\/(home|work|tmp|usr)\/|_exception|ECONN|search_phase|TypeError|RangeError|SyntaxError|ZodError|PolytapeError/;

const rows = z.array(z.looseObject({ ts: z.string().optional(), side: z.string().optional() }));
const list = z.looseObject({ data: rows.optional(), limit: z.int().optional() });

/** What no request whatever may change about an answer, beside the contract. Returns where it came from and its status. */
export async function judgeAnswer(
  { method, path }: HostileRequest,
  answer: Response,
): Promise<{ route: string; status: number }> {
  const text = await answer.text();
  const { status, headers } = answer;
  const url = new URL(`http://function${path}`);
  const route = routeOf(url.pathname)?.path;
  const said = `${method} ${path} → ${status} ${text.slice(0, 500)}`;

  expect(status, said).toBeLessThan(500);
  expect(headers.get("x-request-id"), said).toMatch(/^[\w.-]{1,64}$/);
  expect(Number(headers.get("ratelimit-limit")), said).toBeGreaterThan(0);
  expect([...headers].join("\n"), said).not.toMatch(INSIDE);
  if (method === "HEAD" || status === 204 || status === 304) expect(text, said).toBe("");
  else if (status >= 400) judgeRefusal(answer, text, said);
  else judgeFinding(route, url, answer, text, said);
  return { route: route ?? "elsewhere", status };
}

function judgeRefusal({ headers }: Response, text: string, said: string): void {
  const body = errorEnvelope.parse(JSON.parse(text));
  expect(headers.get("content-type"), said).toBe("application/json");
  expect(body.request_id, said).toBe(headers.get("x-request-id"));
  expect(body.error.message.length, said).toBeLessThan(MESSAGE_LENGTH_MAX);
  expect(text, said).not.toMatch(INSIDE);
}

function judgeFinding(
  route: string | undefined,
  { pathname, searchParams }: URL,
  answer: Response,
  text: string,
  said: string,
) {
  expect(answer.status, said).toBe(200);
  const type = answer.headers.get("content-type") ?? "";
  if (route === undefined) {
    expect(
      contractPages.map((page) => [page.path, page.contentType]),
      said,
    ).toContainEqual([pathname, type]);
    return;
  }
  if (type !== "application/json") {
    expect(type, said).toMatch(/^(text\/csv; charset=utf-8; header=present|application\/x-ndjson)$/);
    return;
  }
  const { data, limit } = list.parse(JSON.parse(text));
  if (route !== "/v1/trades" || !data) return;
  const times = data.map(({ ts }) => String(ts)).sort();
  expect(data.length, said).toBeLessThanOrEqual(limit ?? 0);
  expect(
    data.map(({ ts }) => ts),
    said,
  ).toEqual(searchParams.get("sort") === "ts:asc" ? times : times.reverse());
  const side = searchParams.get("side");
  expect(new Set(data.map((row) => row.side)).size, said).toBeLessThanOrEqual(side ? 1 : 2);
}

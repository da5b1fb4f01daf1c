import { z } from "zod";

/** Gaps named in a header: all headers together must stay well under the 16 KiB that servers commonly take. */
const GAPS_IN_HEADER_MAX = 20;

const complete = z.boolean().nullable();
const rest = z.looseObject({
  coverage: z.looseObject({ complete, gaps: z.array(z.unknown()) }).optional(),
  totals: z.array(z.looseObject({ complete })).optional(),
  truncated_by: z.string().nullish(),
});

/**
 * What an answer says beside its rows, for formats that hold only rows: everything as one JSON value in
 * X-Answer (ASCII; of the gaps only the newest), and what nobody may miss in headers of its own.
 */
export function besideRows(answer: Readonly<Record<string, unknown>>): Record<string, string> {
  const said = rest.parse(answer);
  const { coverage: block } = said;
  const short = block
    ? { ...said, coverage: { ...block, gaps: block.gaps.slice(-GAPS_IN_HEADER_MAX) } }
    : said;
  return {
    "x-answer": asciiJson(short),
    "x-coverage-complete": allComplete(block ? [block] : (said.totals ?? [])),
    ...(typeof said.truncated_by === "string" && { "x-truncated-by": said.truncated_by }),
  };
}

/** What is said of several things together: of one, what is said of it. */
function allComplete(said: readonly { readonly complete: boolean | null }[]): string {
  if (said.some(({ complete }) => complete === false)) return "false";
  return said.length > 0 && said.every(({ complete }) => complete) ? "true" : "unknown";
}

/** Names of outcomes may be in any script; headers are not. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Where a list goes on, relative to the address that was asked, which may be the edge's or the gateway's. */
export function nextLink(
  search: URLSearchParams,
  answer: { readonly next_cursor?: unknown; readonly next_from?: unknown },
): Record<string, string> {
  const next = new URLSearchParams(search);
  if (typeof answer.next_cursor === "string") {
    next.delete("page");
    next.set("cursor", answer.next_cursor);
  } else if (typeof answer.next_from === "string") next.set("from", answer.next_from);
  else return {};
  return { link: `<?${next}>; rel="next"` };
}

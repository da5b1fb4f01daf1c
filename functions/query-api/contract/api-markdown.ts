import { API_ERRORS } from "../http/api-error.ts";
import type { Route } from "../http/route.ts";
import { describeFields, type FieldLine } from "./describe-schema.ts";
import { BEFORE_THE_SERVICE, EDGE_ERRORS } from "./edge-errors.ts";
import { curlOf } from "./example/curl-request.ts";
import { refusalsOf } from "./openapi.ts";
import type { Page } from "./pages.ts";

/** The contract as a page of Markdown: `docs/api.md`, and `/llms.txt`. */
export function apiMarkdown(routes: readonly Route[], pages: readonly Page[]): string {
  return `${[INTRODUCTION, ...routes.map(routeSection), pagesSection(pages), errorsSection()].join("\n\n")}\n`;
}

const INTRODUCTION = `# The API

Made of the schemas that validate the requests; \`npm run docs -w @polytape/query-api\` writes it anew.

**Where**: \`/v1/…\` at the edge and on the local profile, \`/function/query-api/v1/…\` through the gateway. Read-only: GET and HEAD.

**Key**: header \`X-API-Key\`. A key has a rate (a token bucket that holds one second's worth, at least one request) and a daily cap (UTC day).
\`RateLimit-Limit\`, \`RateLimit-Remaining\` and \`RateLimit-Reset\` are on every answer: for a known key the tighter of the two, without one 0,
and on pages that need none a whole bucket. A 429 carries \`Retry-After\`. The cap survives a restart; after a crash it may overrun by one
second's traffic. Before keys have been read the answer is 503 \`auth_unavailable\`. While the bus is away, known keys work and expire on
time, and nothing unknown gets in.

**Times**: RFC 3339 with a zone, or seconds or milliseconds since the epoch; answers carry RFC 3339 in UTC with milliseconds. \`from\` is
included, \`to\` is not. **Numbers** are JSON numbers. Parameters that are unknown or given twice are refused.
Brackets count as repeats of the name, and \`limit[]=1\` is refused as well. The platform drops a parameter that has no name or is named
\`__proto__\` before the service sees it, and reads \`[limit]\` as \`limit\`.

**Never silently short**: \`coverage.complete\` is true only when it is proven that everything of \`[coverage.from, coverage.to)\` is there, false
when something is known to be missing or may still come, null when it is not known; \`gaps\` names the stretches that are not proven. "Complete"
means: all taker rows of at least 0.01 shares that the venue serves after settling. \`truncated_by\` says why an answer covers less than the
question, \`retention_from\` what is the first moment that is kept.

**Pages**: \`next_cursor\` leads on as far as you like, and stays stable while rows arrive: all pages look only at what had arrived by \`as_of\`
(two seconds before the first page). A cursor belongs to its question, spelt as it was; only \`limit\` and \`format\` may change. \`page × limit\` is at most 10,000.

**Formats**: lists and series are JSON; rows alone come as CSV (RFC 4180, with a heading; null is empty) or NDJSON by \`format=csv|ndjson\` or
\`Accept: text/csv|application/x-ndjson\`. All else of the answer is then in the header \`X-Answer\` (one JSON value: cursor, \`as_of\`, coverage with
the newest 20 gaps and \`gaps_total\`, aggregates), and what nobody may miss in headers of its own: \`X-Coverage-Complete\` (true, false,
unknown; of \`/v1/coverage\` what its totals say together), \`X-Truncated-By\`. \`Link: <?…>; rel="next"\` leads on in every format.

**Unchanged answers**: ranges with \`from\` and \`to\` that are settled and proven complete, resolved markets and the pages of the contract carry
an \`ETag\`; \`If-None-Match\` gets 304 while the answer would say the same (a late trade changes the tag). Such answers may be used for a minute
without asking. **Browsers**: any origin may ask.

**One definition of volume**: taker trades only, in shares; \`notional\` is price × size in USDC. Prices are per outcome and never mixed.

**Errors**: \`{"error": {"code", "message"}, "request_id"}\`; the request id is also in \`X-Request-Id\` (yours, if you send one).`;

function routeSection(route: Route): string {
  const parameters = [...describeFields(route.parts, "input"), ...describeFields(route.query, "input")];
  const fields = describeFields(route.answer, "output");
  return [
    `## \`GET ${route.path}\`: ${route.summary.toLowerCase()}`,
    route.description,
    `\`\`\`sh\n${curlOf(route)}\n\`\`\``,
    ...(parameters.length > 0 ? [parametersTable(parameters)] : []),
    fieldsTable(fields),
    `Refusals: ${refusalsOf(route)
      .map((code) => `\`${code}\``)
      .join(", ")}.`,
  ].join("\n\n");
}

function parametersTable(lines: readonly FieldLine[]): string {
  const rows = lines.map(
    ({ path, type, required, meaning }) =>
      `| \`${path}\` | ${type} | ${required ? "yes" : ""} | ${meaning} |`,
  );
  return ["| parameter | type | required | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

function fieldsTable(lines: readonly FieldLine[]): string {
  const rows = lines.map(
    ({ path, type, required, meaning }) =>
      `| \`${path}\` | ${type} | ${[required ? "" : "Only when asked for.", meaning].filter(Boolean).join(" ")} |`,
  );
  return ["| field | type | meaning |", "|---|---|---|", ...rows].join("\n");
}

function pagesSection(pages: readonly Page[]): string {
  const rows = pages.map(({ path, summary }) => `| \`GET ${path}\` | ${summary} |`);
  return ["## The contract itself (no key)", ["| page | |", "|---|---|", ...rows].join("\n")].join("\n\n");
}

function errorsSection(): string {
  return ["## Errors", codesTable(API_ERRORS), BEFORE_THE_SERVICE, codesTable(EDGE_ERRORS)].join("\n\n");
}

function codesTable(codes: Readonly<Record<string, { status: number | string; meaning: string }>>): string {
  const rows = Object.entries(codes).map(
    ([code, { status, meaning }]) => `| ${status} | \`${code}\` | ${meaning} |`,
  );
  return ["| status | code | meaning |", "|---|---|---|", ...rows].join("\n");
}

import { API_ERRORS } from "../http/api-error.ts";
import type { Route } from "../http/route.ts";
import { describeFields, type FieldLine } from "./describe-schema.ts";
import { BEFORE_THE_SERVICE, EDGE_ERRORS } from "./edge-errors.ts";
import { curlOf } from "./example/curl-request.ts";
import exampleAnswers from "./example/example-answers.json" with { type: "json" };
import { pythonOf } from "./example/python-request.ts";
import { typeScriptOf } from "./example/typescript-request.ts";

/** The contract as one page that loads nothing from anywhere: no script, no font, no foreign host. */
export function docsPage(routes: readonly Route[], version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>polytape API ${escapeHtml(version)}</title>
<style>${STYLE}</style>
</head>
<body>
<nav><b>polytape ${escapeHtml(version)}</b>${routes.map(({ name, path }) => `<a href="#${name}">${escapeHtml(path)}</a>`).join("")}<a href="#errors">Errors</a><a href="openapi.json">openapi.json</a><a href="llms.txt">llms.txt</a></nav>
<main>
<h1>polytape API</h1>
<p>Markets, trades, order books and candles of Polymarket, read-only. Every answer says whether it is complete, up to when, and why not.</p>
<p>Each request below is a whole program that needs nothing installed beside its language: copy it as it is (a click selects it) after</p>
<pre class="request">export POLYTAPE_URL=… POLYTAPE_API_KEY=pt_…</pre>
<p>with the address of this service and your key. The answers beside them are the service's own, over a small example world.</p>
<p>Send your key as <code>X-API-Key</code>. Times are RFC 3339 with a zone, or seconds or milliseconds since the epoch; ranges include
<code>from</code> and exclude <code>to</code>. Unknown parameters are refused. <code>next_cursor</code> leads through lists and stays stable while rows arrive.
<code>coverage.complete</code> is true only when proven, null when not known. <code>RateLimit-*</code> says what is left.</p>
${routes.map(section).join("\n")}
${errors()}
</main>
</body>
</html>
`;
}

const STYLE = `
:root{color-scheme:light dark}body{margin:0;font:15px/1.5 system-ui,sans-serif;display:grid;grid-template-columns:15rem 1fr}
nav{padding:1.5rem 1rem;position:sticky;top:0;align-self:start;display:flex;flex-direction:column;gap:.4rem}nav a{text-decoration:none}
main{padding:1rem 2rem 4rem;max-width:60rem;min-width:0}pre{padding:.8rem;margin:.5rem 0 1rem;background:#8881;overflow:auto;border-radius:6px}
pre,code{font-family:ui-monospace,monospace;font-size:.92em}.table{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9em}
td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}td:first-child{white-space:nowrap}td:nth-child(2){min-width:8.5em}
.request{user-select:all}summary{cursor:pointer;font-weight:600;padding:.2rem 0}h2{margin-top:3.5rem;overflow-wrap:anywhere}h4{margin:1.5rem 0 .5rem}
@media(max-width:50rem){body{display:block}nav{position:static;flex-flow:row wrap;gap:.2rem 1rem;padding:1rem}nav b{width:100%}main{padding:1rem}}`;

function section(route: Route): string {
  const parameters = [...describeFields(route.parts, "input"), ...describeFields(route.query, "input")];
  return `<section id="${route.name}">
<h2><code>GET ${escapeHtml(route.path)}</code></h2>
<p>${prose(route.description)}</p>
${request("curl", curlOf(route), " open")}
${request("TypeScript", typeScriptOf(route))}
${request("Python", pythonOf(route))}
${answerOf(route)}
${parameters.length === 0 ? "" : `<h4>Parameters</h4>${fieldsTable(parameters, { required: ", required", optional: "" })}`}
<h4>Answer</h4>${fieldsTable(describeFields(route.answer, "output"), { required: "", optional: ", when asked for" })}
</section>`;
}

function request(language: string, program: string, open = ""): string {
  return `<details${open}><summary>${language}</summary><pre class="request">${escapeHtml(program)}</pre></details>`;
}

/** A real answer of the service over a small example world, made and checked by a test. */
function answerOf(route: Route): string {
  const answer = Object.entries(exampleAnswers).find(([name]) => name === route.name)?.[1];
  if (answer === undefined) return "";
  const text = escapeHtml(JSON.stringify(answer, null, 2));
  return `<details><summary>What it answers</summary><pre>${text}</pre></details>`;
}

function fieldsTable(lines: readonly FieldLine[], says: { required: string; optional: string }): string {
  const rows = lines.map(({ path, type, required, meaning }) => [
    `\`${path}\``,
    type.replaceAll("`", "") + (required ? says.required : says.optional),
    meaning,
  ]);
  return table(["name", "type", "meaning"], rows);
}

function errors(): string {
  return `<section id="errors">
<h2>Errors</h2>
<p>${prose('Each is `{"error": {"code", "message"}, "request_id"}`; the request id is also in `X-Request-Id`.')}</p>
${codesTable(API_ERRORS)}
<p>${prose(BEFORE_THE_SERVICE)}</p>
${codesTable(EDGE_ERRORS)}
</section>`;
}

function codesTable(codes: Readonly<Record<string, { status: number | string; meaning: string }>>): string {
  const rows = Object.entries(codes).map(([code, { status, meaning }]) => [
    String(status),
    `\`${code}\``,
    meaning,
  ]);
  return table(["status", "code", "meaning"], rows);
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${prose(cell)}</td>`).join("")}</tr>`);
  const heading = headings.map((text) => `<th>${text}</th>`).join("");
  return `<div class="table"><table><tr>${heading}</tr>${lines.join("")}</table></div>`;
}

/** A text as the schemas hold it, with code between backticks. */
function prose(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

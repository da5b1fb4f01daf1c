import type { Route } from "../http/route.ts";
import { curlOf } from "./api-markdown.ts";
import { describeFields, type FieldLine } from "./describe-schema.ts";
import exampleAnswers from "./example-answers.json" with { type: "json" };
import { questionOf } from "./pages.ts";

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
<nav><b>polytape ${escapeHtml(version)}</b>${routes.map(({ name, path }) => `<a href="#${name}">${escapeHtml(path)}</a>`).join("")}<a href="openapi.json">openapi.json</a><a href="llms.txt">llms.txt</a></nav>
<main>
<h1>polytape API</h1>
<p>Markets, trades, order books and candles of Polymarket, read-only. Every answer says whether it is complete, up to when, and why not.</p>
<p>The requests below can be copied as they are (a click selects one) once <code>POLYTAPE_URL</code> holds the address of this
service and <code>POLYTAPE_KEY</code> your key; the answers are of a small example world.</p>
<p>Send your key as <code>X-API-Key</code>. Times are RFC 3339 with a zone, or seconds or milliseconds since the epoch; ranges include
<code>from</code> and exclude <code>to</code>. Unknown parameters are refused. <code>next_cursor</code> leads through lists and stays stable while rows arrive.
<code>coverage.complete</code> is true only when proven, null when not known. <code>RateLimit-*</code> says what is left.</p>
${routes.map(section).join("\n")}
</main>
</body>
</html>
`;
}

const STYLE = `
:root{color-scheme:light dark}body{margin:0;font:15px/1.5 system-ui,sans-serif;display:grid;grid-template-columns:15rem 1fr}
nav{padding:1.5rem 1rem;position:sticky;top:0;align-self:start;display:flex;flex-direction:column;gap:.4rem}nav a{text-decoration:none}
main{padding:1rem 2rem 4rem;max-width:60rem;min-width:0}pre{padding:.8rem;background:#8881;overflow:auto;border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.9em}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}
.request{user-select:all}summary{cursor:pointer}h2{margin-top:3rem}@media(max-width:50rem){body{display:block}nav{position:static}main{padding:1rem}}`;

function section(route: Route): string {
  const parameters = [...describeFields(route.parts, "input"), ...describeFields(route.query, "input")];
  return `<section id="${route.name}">
<h2><code>GET ${escapeHtml(route.path)}</code></h2>
<p>${escapeHtml(route.description)}</p>
<h4>curl</h4><pre class="request">${escapeHtml(curlOf(route))}</pre>
<h4>TypeScript</h4><pre class="request">${escapeHtml(typeScriptOf(route))}</pre>
<h4>Python</h4><pre class="request">${escapeHtml(pythonOf(route))}</pre>
${answerOf(route)}
${parameters.length === 0 ? "" : `<h4>Parameters</h4>${table(parameters)}`}
<h4>Answer</h4>${table(describeFields(route.answer, "output"))}
</section>`;
}

/** Each request is whole: it takes the address and the key from the environment, as the one for curl does. */
function typeScriptOf(route: Route): string {
  const headers = route.access === "key" ? ', {\n  headers: { "X-API-Key": env.POLYTAPE_KEY ?? "" },\n}' : "";
  return `import { env } from "node:process";

const response = await fetch(\`\${env.POLYTAPE_URL}${questionOf(route)}\`${headers});
console.log(await response.json());`;
}

function pythonOf(route: Route): string {
  const headers = route.access === "key" ? ',\n    headers={"X-API-Key": os.environ["POLYTAPE_KEY"]},\n' : "";
  const address = `os.environ["POLYTAPE_URL"] + "${questionOf(route)}"`;
  return `import os, requests

response = requests.get(${headers === "" ? address : `\n    ${address}${headers}`})
print(response.json())`;
}

/** A real answer of the service over a small example world, made and checked by a test. */
function answerOf(route: Route): string {
  const answer = Object.entries(exampleAnswers).find(([name]) => name === route.name)?.[1];
  if (answer === undefined) return "";
  const text = escapeHtml(JSON.stringify(answer, null, 2));
  return `<details><summary>What it answers</summary><pre>${text}</pre></details>`;
}

function table(lines: readonly FieldLine[]): string {
  const rows = lines.map(
    ({ path, type, required, meaning }) =>
      `<tr><td><code>${escapeHtml(path)}</code></td><td>${escapeHtml(type.replaceAll("`", ""))}${required ? "" : " (optional)"}</td><td>${escapeHtml(meaning)}</td></tr>`,
  );
  return `<table><tr><th>name</th><th>type</th><th>meaning</th></tr>${rows.join("")}</table>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

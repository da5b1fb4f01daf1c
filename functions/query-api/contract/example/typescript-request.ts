import { type Asked, type ExampleQuestion, partsOf, SAYS, START_HOURS_AGO } from "./example-question.ts";

/** For Node as it stands, so it names no types; the strict compiler infers them. */
export function typeScriptOf(route: Asked): string {
  const { path, found, needsKey, needsStart } = partsOf(route, (name) => `\${${name}}`);
  const key = needsKey ? ', {\n    headers: { "X-API-Key": env.POLYTAPE_API_KEY ?? "" },\n  }' : "";
  const waits = found === "book" ? '\nimport { setTimeout } from "node:timers/promises";' : "";
  const start = needsStart
    ? `const start = Math.floor(Date.now() / 1000) - ${START_HOURS_AGO} * 3600;\n`
    : "";
  return `// Save it as ask.mjs (or .mts, with a compiler) and run: node ask.mjs
import { env } from "node:process";${waits}

async function ask(path = "") {
  const response = await fetch(env.POLYTAPE_URL + path${key});
  return JSON.parse(await response.text());
}

${start}${PROGRAMS[found](path.includes("$") ? `\`${path}\`` : `"${path}"`)}`;
}

const PROGRAMS: Record<ExampleQuestion["found"], (path: string) => string> = {
  nothing: (path) => `console.log(JSON.stringify(await ask(${path}), null, 2));`,
  market: (path) => `// ${SAYS.market}
const { slug } = (await ask("/v1/markets?limit=1")).data[0];
${PROGRAMS.nothing(path)}`,
  trade: (path) => `// ${SAYS.trade}
const { market_id: market, asset_id: token } = (await ask("/v1/trades?limit=1")).data[0];
${PROGRAMS.nothing(path)}`,
  book: (path) => `// ${SAYS.book}
const traded = new Map();
for (const trade of (await ask("/v1/trades?limit=1000")).data) traded.set(trade.asset_id, trade.market_id);
for (const [token, market] of traded) {
  const book = await ask(${path});
  if (!book.error) {
    console.log(JSON.stringify(book, null, 2));
    break;
  }
  await setTimeout(100);
}`,
};

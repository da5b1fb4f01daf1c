import {
  type Asked,
  type ExampleQuestion,
  pathWith,
  questionOf,
  SAYS,
  START_HOURS_AGO,
} from "./example-question.ts";

/** For Node; passes the strict compiler. */
export function typeScriptOf(route: Asked): string {
  const question = questionOf(route);
  const path = pathWith(question, (name) => `\${${name}}`);
  const key = '{\n    headers: { "X-API-Key": env.POLYTAPE_API_KEY ?? "" },\n  }';
  const waits = question.found === "book" ? '\nimport { setTimeout } from "node:timers/promises";' : "";
  const start = `const start = Math.floor(Date.now() / 1000) - ${START_HOURS_AGO} * 3600;\n`;
  return `import { env } from "node:process";${waits}

async function ask(path: string): Promise<any> {
  const response = await fetch(env.POLYTAPE_URL + path${route.access === "key" ? `, ${key}` : ""});
  return response.json();
}

${question.path.includes("{start}") ? start : ""}${PROGRAMS[question.found](path.includes("$") ? `\`${path}\`` : `"${path}"`)}`;
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
const trades: any[] = (await ask("/v1/trades?limit=1000")).data;
for (const [token, market] of new Map(trades.map((trade) => [trade.asset_id, trade.market_id]))) {
  const book = await ask(${path});
  if (!book.error) {
    console.log(JSON.stringify(book, null, 2));
    break;
  }
  await setTimeout(100);
}`,
};

import { type Asked, type ExampleQuestion, partsOf, SAYS, START_HOURS_AGO } from "./example-question.ts";

/** For Python 3, with its standard library alone. */
export function pythonOf(route: Asked): string {
  const { path, found, needsKey, needsStart } = partsOf(route, (name) => `{${name}}`);
  const key = needsKey ? '    request.add_header("X-API-Key", os.environ["POLYTAPE_API_KEY"])\n' : "";
  const start = needsStart ? `start = int(time.time()) - ${START_HOURS_AGO} * 3600\n` : "";
  const program = start + PROGRAMS[found](path.includes("{") ? `f"${path}"` : `"${path}"`);
  const fails = program.includes("HTTPError") ? "from urllib.error import HTTPError\n" : "";
  return `import json, os${program.includes("time.") ? ", time" : ""}
${fails}from urllib.request import Request, urlopen

def ask(path):
    request = Request(os.environ["POLYTAPE_URL"] + path)
${key}    return json.load(urlopen(request))

${program}`;
}

const PROGRAMS: Record<ExampleQuestion["found"], (path: string) => string> = {
  nothing: (path) => `print(json.dumps(ask(${path}), indent=2))`,
  market: (path) => `# ${SAYS.market}
slug = ask("/v1/markets?limit=1")["data"][0]["slug"]
${PROGRAMS.nothing(path)}`,
  trade: (path) => `# ${SAYS.trade}
trade = ask("/v1/trades?limit=1")["data"][0]
market, token = trade["market_id"], trade["asset_id"]
${PROGRAMS.nothing(path)}`,
  book: (path) => `# ${SAYS.book}
trades = ask("/v1/trades?limit=1000")["data"]
for market, token in dict.fromkeys((trade["market_id"], trade["asset_id"]) for trade in trades):
    try:
        print(json.dumps(ask(${path}), indent=2))
        break
    except HTTPError:
        time.sleep(0.1)`,
};

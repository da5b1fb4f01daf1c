import { type Asked, type ExampleQuestion, partsOf, SAYS, START_HOURS_AGO } from "./example-question.ts";

/** For any POSIX shell. */
export function curlOf(route: Asked): string {
  const { path, found, needsKey, needsStart } = partsOf(route, (name) => `$${name.toUpperCase()}`);
  const key = needsKey ? '-H "X-API-Key: $POLYTAPE_API_KEY" ' : "";
  const curl = (asked: string, options = "-s") => `curl ${options} ${key}"$POLYTAPE_URL${asked}"`;
  const start = needsStart ? `START=$(($(date +%s) - ${START_HOURS_AGO} * 3600))\n` : "";
  return start + PROGRAMS[found](path, curl);
}

/** Of CSV the first columns are enough, and need no program that reads JSON. */
const PROGRAMS: Record<
  ExampleQuestion["found"],
  (path: string, curl: (path: string, options?: string) => string) => string
> = {
  nothing: (path, curl) => curl(path),
  market: (path, curl) => `# ${SAYS.market}
SLUG=$(${curl("/v1/markets?limit=1&format=csv")} | sed -n 2p | cut -d, -f3)
${curl(path)}`,
  trade: (path, curl) => `# ${SAYS.trade}
TRADE=$(${curl("/v1/trades?limit=1&format=csv")} | sed -n 2p)
MARKET=$(echo "$TRADE" | cut -d, -f2) TOKEN=$(echo "$TRADE" | cut -d, -f3)
${curl(path)}`,
  book: (path, curl) => `# ${SAYS.book}
${curl("/v1/trades?limit=1000&format=csv")} |
  awk -F, 'NR > 1 && !seen[$3]++ { print $2, $3 }' |
  while read -r MARKET TOKEN; do
    ${curl(path, "-sf --retry 5")} && break
  done`,
};

import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { PolytapeError } from "@polytape/market-model";

export interface WantedPort {
  /** The variable that sets it. */
  readonly variable: string;
  readonly host: string;
  readonly port: number;
  /** What would listen there. */
  readonly purpose: string;
}

/**
 * Throws `ports_taken` (input) that names every wanted port that another process holds, and the other home of this
 * copy that runs, if one does.
 */
export async function requireFreePorts(
  wanted: readonly WantedPort[],
  runningElsewhere: string | null = null,
): Promise<void> {
  const twice = wanted.filter(
    ({ port }, index) => wanted.findIndex((other) => other.port === port) !== index,
  );
  const taken: WantedPort[] = [];
  for (const each of wanted) if (!(await isFree(each.host, each.port))) taken.push(each);

  const faults = [
    ...twice.map(({ variable, port }) => `${variable} is ${port}, which another setting has already`),
    ...taken.map(
      ({ variable, port, purpose }) =>
        `port ${port} for ${purpose} is taken by another process (set ${variable})`,
    ),
  ];
  if (faults.length === 0) return;
  const own =
    taken.length > 0 && runningElsewhere !== null
      ? ` Your own copy in ${runningElsewhere} runs: end it first with make down.`
      : "";
  throw new PolytapeError("input", "ports_taken", `${faults.join("; ")}.${own}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Below the range from which Linux takes the ports of outgoing connections, so that none of those is in the way. */
const LOWEST = 15_000;
const HIGHEST = 32_000;
const TRIES_MAX = 1_000;

/** Ports of the loopback that nobody listens on now, each another one. */
export async function findFreePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries === TRIES_MAX) throw new PolytapeError("operating", "no_free_port", "No free port was found.");
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree("127.0.0.1", port)) found.add(port);
  }
  return [...found];
}

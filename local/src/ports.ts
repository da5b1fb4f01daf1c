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

/** Throws `ports_taken` (input) that names every wanted port that another process holds. */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
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
  if (faults.length > 0) throw new PolytapeError("input", "ports_taken", `${faults.join("; ")}.`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Ports that nobody listens on now. All are held until the last is found, so none is given twice. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map((server) => portOf(server.address()));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listenAnywhere(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, () => resolve(server));
  });
}

function portOf(address: ReturnType<ReturnType<typeof createServer>["address"]>): number {
  if (address !== null && typeof address === "object") return address.port;
  throw new PolytapeError("bug", "port_unknown", "A listening server has no port.");
}

import { createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { findFreePorts, requireFreePorts } from "./ports.ts";

const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const wanted = (variable: string, port: number) => ({ variable, port, host: "127.0.0.1", purpose: "a test" });

async function listenOn(port: number): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
}

it("names every port that is taken and the variable that sets it", async () => {
  const [free = 0, first = 0, second = 0] = await findFreePorts(3);
  await listenOn(first);
  await listenOn(second);

  const check = requireFreePorts([wanted("A", first), wanted("B", free), wanted("C", second)]);

  await expect(check).rejects.toThrow(
    new RegExp(`port ${first} for a test is taken .*set A.*port ${second} .*set C`),
  );
  await expect(check).rejects.not.toThrow(/set B/);
});

it("names the home of one's own that runs, and how to end it, where a port is taken", async () => {
  const [port = 0, free = 0] = await findFreePorts(2);
  await listenOn(port);

  const check = requireFreePorts([wanted("A", port)], "/tape/demo");

  await expect(check).rejects.toThrow(/Your own copy in \/tape\/demo runs: end it first with make down/);
  await expect(requireFreePorts([wanted("A", free)], "/tape/demo")).resolves.toBeUndefined();
});

it("refuses one port for two servers", async () => {
  const [port = 0] = await findFreePorts(1);

  await expect(requireFreePorts([wanted("A", port), wanted("B", port)])).rejects.toThrow(/^B is /);
});

it("finds as many different ports as asked for, and they can be listened on", async () => {
  const ports = await findFreePorts(5);

  await Promise.all(ports.map(listenOn));

  expect(new Set(ports).size).toBe(5);
});

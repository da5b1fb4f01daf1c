import { expect, onTestFinished, test } from "vitest";
import { serveMetrics } from "./serve-metrics.ts";

const watched = {
  metrics: async () => ({ text: "calls 1\n", contentType: "text/plain; version=0.0.4" }),
  health: () => ({ isHealthy: true, facts: { nats: true } }),
};

async function serving(host: string) {
  const server = await serveMetrics({ host, port: 0 }, watched);
  onTestFinished(() => server.close());
  return (address: string) => fetch(`http://${address}:${server.port}/metrics`);
}

test("on loopback nobody else reaches it", async () => {
  const read = await serving("127.0.0.1");

  expect(await (await read("127.0.0.1")).text()).toBe("calls 1\n");
  await expect(read("127.0.0.2")).rejects.toThrow();
});

// In a container loopback is the container's own: whoever watches comes from outside.
test("on every address it is reached by each of them", async () => {
  const read = await serving("0.0.0.0");

  expect((await read("127.0.0.2")).status).toBe(200);
});

test("an address that is none of this machine's stops the start, and is named", async () => {
  await expect(serveMetrics({ host: "192.0.2.1", port: 9464 }, watched)).rejects.toMatchObject({
    code: "port_taken",
    message: "Metrics cannot be served on 192.0.2.1:9464.",
  });
});

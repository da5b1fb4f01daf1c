import { readFileSync } from "node:fs";
import { QUICK_JAVA, type RunningServer, startNats, startOpenSearch } from "@polytape/local";
import { afterEach, expect, inject, it, vi } from "vitest";

const running: RunningServer[] = [];

afterEach(async () => {
  // The newest first: one may stand on the folder of an earlier one.
  for (const server of running.splice(0).reverse()) await server.stop();
});

it("keeps what OpenSearch acknowledged over a SIGKILL and a new start in the same folder", async () => {
  const first = await startOpenSearch({ heap: "256m", javaOptions: QUICK_JAVA });
  running.push(first);
  const document = await fetch(`${first.url}/kept/_doc/1`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: '{"kept":true}',
  });
  expect(document.status).toBe(201);

  await first.kill();
  const second = await startOpenSearch({
    heap: "256m",
    javaOptions: QUICK_JAVA,
    home: first.home,
    port: first.port,
  });
  running.push(second);

  const found = await fetch(`${second.url}/kept/_doc/1`);
  expect(found.status).toBe(200);
});

it("runs as a user without rights when root starts it", async () => {
  const nats = await startNats();
  running.push(nats);

  const user = userOf(nats.pid);

  expect(user).not.toBe(0);
});

it("gives two servers at once their own ports and folders", async () => {
  const servers = await Promise.all([startNats(), startNats()]);
  running.push(...servers);

  expect(new Set(servers.flatMap(({ url, home, pid }) => [url, home, pid])).size).toBe(6);
});

it("leaves no process behind after stop", async () => {
  const nats = await startNats();

  await nats.stop();

  // Ended, it may stay in the process table until it is waited for.
  await vi.waitFor(() => expect(() => userOf(nats.pid)).toThrow("ENOENT"), 10_000);
});

it("shares one OpenSearch among the files of a run", async () => {
  const health = await fetch(`${inject("openSearchUrl")}/_cluster/health`);

  expect(await health.json()).toMatchObject({ cluster_name: expect.any(String) });
});

function userOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
}

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { connectStore } from "./connection.ts";

test("a request that is cancelled closes its socket, and none is sent once the signal has fired", async () => {
  const asked: string[] = [];
  const giveUp = new AbortController();
  let noteGone = () => {};
  const gone = new Promise<void>((resolve) => {
    noteGone = resolve;
  });
  const server = createServer((request) => {
    asked.push(request.url ?? "");
    request.socket.once("close", noteGone);
    giveUp.abort();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const store = connectStore({ urls: [`http://127.0.0.1:${port}`], timeoutMs: 30_000 });
  const cancelled = store
    .cancelledBy(AbortSignal.any([giveUp.signal]))
    .cancelledBy(new AbortController().signal);

  const refused = { code: "store_unavailable" };
  await expect(cancelled.request({ method: "GET", path: "/first" })).rejects.toMatchObject(refused);
  await gone;
  await expect(cancelled.request({ method: "GET", path: "/second" })).rejects.toMatchObject(refused);

  expect(asked).toEqual(["/first"]);
  await store.close();
  await new Promise((resolve) => server.close(resolve));
});

test("what is to be sent once is not repeated by the client, and says that its time was over", async () => {
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const store = connectStore({ urls: [`http://127.0.0.1:${port}`], timeoutMs: 50 });

  const bulk = store.request({ method: "POST", path: "/_bulk", lines: Buffer.from("{}\n"), once: true });

  await expect(bulk).rejects.toMatchObject({ code: "store_unavailable", facts: { timed_out: true } });
  expect(asked).toBe(1);
  await store.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

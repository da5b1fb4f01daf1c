import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import type { Gateway } from "@polytape/local/gateway";
import {
  buildGatewayPrograms,
  type GatewayFixture,
  type GatewayPrograms,
  gatewayFixture,
} from "@polytape/local/gateway/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

/** What callers see when a function dies, hangs, is full or never starts; asked of real processes. */
const CRASHES = `
let calls = 0;
module.exports = async (event) => {
  if (event.path === "/exit") process.exit(3);
  if (event.path === "/reject-later") setTimeout(() => Promise.reject(new Error("nobody caught me")), 0);
  if (event.path !== "/") return new Promise(() => {});
  calls += 1;
  return { pid: process.pid, calls };
};`;

const functions = {
  crashes: { handler: CRASHES },
  throws: { handler: `module.exports = () => { throw new Error("at once"); };` },
  leaves: { handler: `module.exports = async () => process.exit(0);` },
  broken: { handler: `throw new Error("2 settings are wrong or missing");` },
  shapeless: { handler: `module.exports = { handle() {} };` },
  "query-api": { handler: `throw new Error("does not start");` },
  hangs: {
    handler: `module.exports = async (event) => event.path === "/" ? new Promise(() => {}) : "alive";`,
    environment: { exec_timeout: "200ms" },
  },
  full: {
    handler: `module.exports = async (event) => event.path === "/" ? "free" : new Promise(() => {});`,
    environment: { max_inflight: "1" },
  },
  large: {
    handler: `module.exports = async (event) => "x".repeat(event.body.length);`,
    environment: { RAW_BODY: "true", MAX_RAW_SIZE: "20mb" },
  },
};

let fixture: GatewayFixture;
let gateway: Gateway;
let programs: GatewayPrograms;

beforeAll(async () => {
  programs = await buildGatewayPrograms();
  fixture = gatewayFixture(functions, {
    hostProgram: programs.functionHost,
  });
  gateway = await fixture.start();
});

afterAll(async () => {
  await gateway?.close();
  fixture?.remove();
  programs?.remove();
});

const call = (path: string, init?: RequestInit) => fetch(`${gateway.url}/function/${path}`, init);
const logOf = (name: string) => readFileSync(join(fixture.options.home, "logs", `${name}.log`), "utf8");
const recordOf = (name: keyof typeof functions) =>
  JSON.parse(readFileSync(join(fixture.options.home, "run", "functions.json"), "utf8"))[name];

async function answersAgain(name: string, status = 200): Promise<Response> {
  return vi.waitFor(
    async () => {
      const response = await call(name);
      expect(response.status).toBe(status);
      return response;
    },
    { timeout: 15_000, interval: 50 },
  );
}

test("a function that crashes in a call answers 502, cannot be reached meanwhile, and comes back", async () => {
  const before = recordOf("crashes");

  const crashed = await call("crashes/exit");
  const meanwhile = await call("crashes");
  const after = await answersAgain("crashes");

  expect([crashed.status, await crashed.text()]).toEqual([502, ""]);
  expect([meanwhile.status, await meanwhile.text()]).toEqual([500, "Can't reach service for: crashes."]);
  expect(await after.json()).toMatchObject({ calls: 1 });
  expect(recordOf("crashes")).toMatchObject({ restarts: before.restarts + 1 });
  expect(recordOf("crashes").pid).not.toBe(before.pid);
});

test("the edge answers 503 in the API's envelope, to be tried again, while query-api has no process", async () => {
  const response = await fetch(`${gateway.url}/v1/markets`);

  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.json()).toEqual({
    error: { code: "unavailable", message: expect.any(String) },
    request_id: response.headers.get("x-request-id"),
  });
  expect((await call("query-api")).status).toBe(500);
});

test("a rejection that nobody catches ends the process, and the next one serves", async () => {
  const crashed = await call("crashes/reject-later");
  const after = await answersAgain("crashes");

  expect(crashed.status).toBe(502);
  expect(await after.json()).toMatchObject({ calls: 1 });
  expect(logOf("crashes")).toContain("nobody caught me");
});

test("a function killed from outside comes back, and the others do not notice", async () => {
  const { crashes = 0, large = 0 } = gateway.functionPids();

  process.kill(crashes, "SIGKILL");
  await vi.waitFor(() => expect(gateway.functionPids()["crashes"]).not.toBe(crashes));
  const meanwhile = await call("large", { method: "POST", body: "x" });
  const after = await answersAgain("crashes");

  expect(meanwhile.status).toBe(200);
  expect(await after.json()).toMatchObject({ pid: gateway.functionPids()["crashes"], calls: 1 });
  expect(gateway.functionPids()["large"]).toBe(large);
});

// The template calls the handler outside its promise chain: the throw is an unhandled rejection.
test("a handler that throws before it returns a promise ends its process", async () => {
  expect((await call("throws")).status).toBe(502);
  expect(logOf("throws")).toContain("at once");
});

test("a function that exits with code 0 answers 500 from then on and is not started again", async () => {
  const restarts = recordOf("crashes").restarts;

  const left = await call("leaves");
  await vi.waitFor(() => expect(recordOf("leaves").pid).toBeNull());
  // The other function's whole round of crash, delay and start is the time given to this one.
  await call("crashes/exit");
  await answersAgain("crashes");

  expect(left.status).toBe(502);
  expect(recordOf("crashes").restarts).toBe(restarts + 1);
  expect(recordOf("leaves")).toMatchObject({ pid: null, restarts: 0 });
  expect((await call("leaves")).status).toBe(500);
});

test.each([
  ["broken", "2 settings are wrong or missing"],
  ["shapeless", "module.exports of handler.js must be a function, it is object"],
])(
  "a bundle that does not load (%s) says why in its log, is tried again and answers 500",
  async (name, reason) => {
    const response = await call(name);

    expect([response.status, await response.text()]).toEqual([500, `Can't reach service for: ${name}.`]);
    expect(logOf(name)).toContain(reason);
    await vi.waitFor(() => expect(logOf(name).split(reason).length).toBeGreaterThan(2), { timeout: 5_000 });
  },
);

test("a call over exec_timeout answers 504 without a text, and the process lives on", async () => {
  const pid = gateway.functionPids()["hangs"];

  const response = await call("hangs");

  expect([response.status, await response.text()]).toEqual([504, ""]);
  expect(Number(response.headers.get("x-duration-seconds"))).toBeGreaterThanOrEqual(0.19);
  expect(await (await call("hangs/other")).text()).toBe("alive");
  expect(gateway.functionPids()["hangs"]).toBe(pid);
});

test("calls beyond max_inflight answer 429, and one whose client left no longer counts", async () => {
  const client = new AbortController();
  const first = call("full/hold", { signal: client.signal });
  first.catch(() => {});

  await vi.waitFor(async () => expect((await call("full")).status).toBe(429));
  client.abort();

  expect(await (await answersAgain("full")).text()).toBe("free");
});

test("streams bodies of megabytes both ways", async () => {
  const response = await call("large", { method: "POST", body: "x".repeat(5_000_000) });

  expect((await response.text()).length).toBe(5_000_000);
});

test("a body too large for the function is refused, and the connection goes on", async () => {
  const response = await call("large", { method: "POST", body: "x".repeat(21_000_000) });

  expect(response.status).toBe(413);
  await response.text();
  expect((await call("large", { method: "POST", body: "x" })).status).toBe(200);
});

test("a client that leaves in the middle of its upload disturbs nobody", async () => {
  const upload = request(`${gateway.url}/function/large`, { method: "POST" });
  const failed = new Promise((resolve) => upload.once("error", resolve));
  upload.write("x".repeat(100_000), () => upload.destroy(new Error("left")));
  await failed;

  expect((await call("large", { method: "POST", body: "x" })).status).toBe(200);
  expect(recordOf("large").restarts).toBe(0);
});

test("bytes that are not HTTP are refused with 400", async () => {
  const { port, hostname } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write("GET / SMTP\r\n\r\n");

  expect(Buffer.concat(await socket.toArray()).toString()).toMatch(/^HTTP\/1\.1 400 /);
});

test("headers of 20 kB are refused with 431", async () => {
  expect((await call("large", { headers: { "x-long": "x".repeat(20_000) } })).status).toBe(431);
});

// A GET's body would reach the function as the start of another request if it were sent on unframed.
test("a GET with a body reaches the function as one call", async () => {
  const body = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = { "content-length": body.length };
    request(`${gateway.url}/function/large`, { method: "GET", headers }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    })
      .on("error", reject)
      .end(body);
  });

  expect(answer.length).toBe(body.length);
});

import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { newKeyText } from "@polytape/api-access";
import { defineJob, type FunctionContext } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { z } from "zod";
import { aShell, NOW } from "../../testing.ts";
import { ok } from "./finding.ts";
import { lookAtAll } from "./index.ts";

test("every part has one line, also when nothing answers, and the status is 1", async () => {
  const { call, bus } = aShell();
  bus.failWith(new PolytapeError("operating", "bus_unavailable", "NATS cannot be reached."));

  const { status, out, errors } = await call("doctor", "--json");

  const found = out.map((line) => JSON.parse(line));
  expect(status).toBe(1);
  expect(found).toHaveLength(26);
  expect(found[0]).toMatchObject({
    check: "gateway",
    verdict: "failed",
    said: expect.stringContaining("No answer"),
  });
  expect(found.find(({ check }) => check === "nats")).toMatchObject({
    verdict: "failed",
    said: "NATS cannot be reached.",
  });
  expect(found.every(({ verdict, cure }) => verdict === "ok" || cure.length > 5)).toBe(true);
  expect(errors.at(-1)).toMatch(/^polytape: Not healthy: gateway, /);
});

test("what is said and what to do are two sentences, also where the first came with its full stop", async () => {
  const { call, bus } = aShell();
  bus.failWith(new PolytapeError("operating", "bus_unavailable", "NATS cannot be reached."));

  const { out } = await call("doctor");

  expect(out.join("\n")).toContain("NATS cannot be reached. Do: ");
  expect(out.join("\n")).not.toContain("..");
});

test("no password and no key is printed, whatever the answers repeat of them", async () => {
  const [key, password] = [newKeyText(randomBytes), "hunter2-hunter2"];
  const { call } = aShell({
    key,
    surroundings: {
      gateway: { url: `http://admin:${password}@gateway.test`, user: "admin", password },
      api: { url: "http://api.test", key },
      variables: { OPENSEARCH_PASSWORD: "opensearch-secret" },
    },
    respond: () => Response.json([{ name: `${password} ${key} opensearch-secret`, availableReplicas: 0 }]),
  });

  const { out, errors, told } = await call("doctor");

  const all = [...out, ...errors, ...told].join("\n");
  expect(all).not.toContain(password);
  expect(all).not.toContain(key.slice(3, 20));
  expect(all).not.toContain("opensearch-secret");
});

/** A job behind the gateway's contract, as the template calls it; its metrics are the text that it answers. */
function aJobThat(fails: boolean) {
  const run = async () => {
    if (fails) throw new PolytapeError("operating", "upstream_unavailable", "Polymarket is away.");
    return {};
  };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const handler = defineJob(
    { name: "a-job", settings: z.object({}), input: z.unknown(), connect: async () => ({}), run },
    { environment: {}, now: () => NOW - 1_000, log },
  );
  return async (method: string, path: string) => {
    let [status, text] = [0, ""];
    const context: FunctionContext = {
      status: (code) => {
        status = code;
        return context;
      },
      headers: () => context,
      succeed: (value) => {
        text = String(value);
      },
      fail: () => undefined,
    };
    await handler({ body: "", headers: {}, method, query: {}, path }, context);
    return new Response(text, { status });
  };
}

// Its consumer has at most one tick waiting, so nothing else shows that it has been failing for days.
test("a function that answers 503 at every call is named, with why and what to do", async () => {
  const jobs = new Map([
    ["ingest-trades", aJobThat(false)],
    ["snapshot-book", aJobThat(true)],
  ]);
  for (let call = 0; call < 5; call += 1) for (const job of jobs.values()) await job("POST", "/");
  const { call } = aShell({
    surroundings: {
      variables: { POLYTAPE_STACK: fileURLToPath(new URL("../../../../stack.yml", import.meta.url)) },
    },
    respond: (request) => {
      const [, name = "", path = ""] = /\/function\/([a-z-]+)(\/metrics)$/.exec(request.url) ?? [];
      return jobs.get(name)?.("GET", path) ?? new Response("");
    },
  });

  const { status, out } = await call("doctor", "--json");

  const runs = out.map((line) => JSON.parse(line)).find(({ check }) => check === "runs");
  expect(status).toBe(1);
  expect(runs).toMatchObject({
    verdict: "failed",
    said: "snapshot-book has not succeeded since it was started (upstream_unavailable, 5 times)",
    cure: expect.stringContaining("faas-cli logs snapshot-book"),
  });
});

test("a part that never answers costs its time and holds up no other", async () => {
  const hangs = { name: "hangs", cure: "wake it", look: () => new Promise<never>(() => undefined) };
  const throws = {
    name: "throws",
    cure: "mend it",
    look: async () => {
      throw new TypeError("odd");
    },
  };
  const answers = { name: "answers", cure: "", look: async () => ok("well") };

  const found = await lookAtAll([hangs, throws, answers], 20);

  expect(found).toEqual([
    { check: "hangs", verdict: "failed", said: "no answer within 0.02 s", cure: "wake it" },
    { check: "throws", verdict: "failed", said: "odd", cure: "mend it" },
    { check: "answers", verdict: "ok", said: "well" },
  ]);
});

import { randomBytes } from "node:crypto";
import { newKeyText } from "@polytape/api-access";
import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { aShell } from "../../testing.ts";
import { ok } from "./finding.ts";
import { lookAtAll } from "./index.ts";

test("every part has one line, also when nothing answers, and the status is 1", async () => {
  const { call, bus } = aShell();
  bus.failWith(new PolytapeError("operating", "bus_unavailable", "NATS cannot be reached."));

  const { status, out, errors } = await call("doctor", "--json");

  const found = out.map((line) => JSON.parse(line));
  expect(status).toBe(1);
  expect(found).toHaveLength(18);
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

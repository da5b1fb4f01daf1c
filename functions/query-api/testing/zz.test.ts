import { randomBytes } from "node:crypto";
import { newKeyText } from "@polytape/api-access";
import { test } from "vitest";
import { anApi } from "./an-api.ts";
test("rate", async () => {
  const api = await anApi({ rateRps: 10_000 });
  const unknown = newKeyText(randomBytes);
  for (const [name, key] of [["none", null], ["typo", `pt_${"x".repeat(36)}`], ["unknown", unknown], ["good", api.key]] as const) {
    const t = performance.now();
    for (let n = 0; n < 5000; n++) await api.send("/v1/me", { key });
    console.log(name, ((performance.now() - t) / 5000 * 1000).toFixed(1), "us each");
  }
});

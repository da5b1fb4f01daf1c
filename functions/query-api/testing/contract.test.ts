import { expect, test } from "vitest";
import { routes } from "../app.ts";
import { anApi, NOW } from "./an-api.ts";
import { findingsOf, rejections } from "./contract.ts";
import { storeWorld } from "./fuzz/store-world.ts";

async function aWorld() {
  const api = await anApi();
  const { startMs } = await storeWorld(api.store, NOW);
  api.clock.nowMs = NOW + 10_000;
  return { api, startMs };
}

test("the tables hold something that is answered and something that is refused, of every endpoint", () => {
  const paths = routes.map(({ path }) => path);

  expect(paths.filter((path) => !findingsOf(NOW).some(({ route }) => route === path))).toEqual([]);
  const start = (path: string) => path.replace(/\{.*/, "");
  expect(paths.filter((path) => !rejections.some((each) => each.path.startsWith(start(path))))).toEqual([]);
});

test("every question of the table is answered, and holds something", async () => {
  const { api, startMs } = await aWorld();

  for (const { path, contentType = "application/json" } of findingsOf(startMs)) {
    const answer = await api.send(path);
    expect([path, answer.status, answer.headers.get("content-type")]).toEqual([path, 200, contentType]);
    const text = await answer.text();
    expect(text, path).not.toMatch(/"(data|candles|bids)":\[\]/);
    if (contentType !== "application/json") expect([path, text.split("\n").length > 2]).toEqual([path, true]);
    else await api.ask(path);
  }
});

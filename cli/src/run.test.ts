import { randomBytes } from "node:crypto";
import { hashKeyText, isKeyText, newKeyText } from "@polytape/api-access";
import { PolytapeError } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { version } from "../package.json";
import { commands } from "./commands/index.ts";
import { aShell, NOW } from "./testing.ts";

test("a key is made with the key alone on the last line, and only its hash is kept", async () => {
  const { call, bus } = aShell();

  const { status, out } = await call(
    "keys",
    "create",
    "--plan",
    "weekly",
    "--label",
    "ada",
    "--rate",
    "2.5",
    "--cap",
    "50",
  );

  const key = out.at(-1) ?? "";
  expect(status).toBe(0);
  expect(isKeyText(key)).toBe(true);
  expect(out.slice(0, -1).join()).not.toContain(key);
  const [hash = ""] = await (await bus.bucket("api_keys")).keys();
  const kept = (await (await bus.bucket("api_keys")).get(hash))?.value;
  expect(kept).toMatchObject({ plan: "weekly", label: "ada", rate_rps: 2.5, daily_cap: 50 });
  expect(JSON.stringify(kept)).not.toContain(key.slice(3));
});

test("keys are listed, shown, revoked, extended and rotated by their id", async () => {
  const { call } = aShell();
  await call("keys", "create", "--plan", "monthly");
  const listed = (await call("keys", "list", "--json")).out.map((line) => JSON.parse(line));
  const id: string = listed[0].id;

  expect(listed).toMatchObject([{ plan: "monthly", state: "active" }]);
  expect(listed[0]).not.toHaveProperty("hash");
  expect((await call("keys", "show", id)).out.join("\n")).toContain('"usage": null');
  expect((await call("keys", "extend", id, "--plan", "weekly")).out).toEqual([
    `${id} works until 2026-12-29T12:00:00.000Z.`,
  ]);
  const rotated = await call("keys", "rotate", id, "--grace-hours", "1");
  expect(rotated.out[0]).toContain("until 2026-11-22T13:00:00.000Z");
  expect(isKeyText(rotated.out.at(-1) ?? "")).toBe(true);
  const successor = /key_\w+/.exec(rotated.out[0] ?? "")?.[0];
  expect((await call("keys", "revoke", id)).out).toEqual([
    `${id} is revoked since 2026-11-22T12:00:00.000Z. ${successor}, which took its place, is not.`,
  ]);
  expect((await call("keys", "list")).out[1]).toMatch(new RegExp(`^${id}  +weekly  revoked`));
});

test("a key may be named by itself, piped in: the command line shows only a dash", async () => {
  const key = newKeyText(randomBytes);
  const { call, bus } = aShell({ input: `${key}\n` });
  const made = (await call("keys", "create", "--plan", "weekly")).out;
  const id = /key_\w+/.exec(made.join(" "))?.[0] ?? "";
  const bucket = await bus.bucket("api_keys");
  const record = Object(await bucket.get(hashKeyText(made.at(-1) ?? ""))).value;
  await bucket.put(hashKeyText(key), { ...record, hash: hashKeyText(key), id: "key_000000000000" });

  expect((await call("keys", "show", "-")).out.join("\n")).toContain('"id": "key_000000000000"');
  expect((await call("keys", "revoke", "-")).out.join()).toContain("key_000000000000 is revoked");
  expect((await call("keys", "show", id)).out.join("\n")).toContain('"state": "active"');
});

test.each([["keys", "revoke"], ["keys", "steal"], ["keys", "list", "--label"], []])(
  "a key on the command line is refused and never repeated: %s %s %s",
  async (...words) => {
    const key = newKeyText(randomBytes);

    const { status, out, errors } = await aShell().call(...words, key);

    expect(status).toBe(2);
    expect(errors.join()).toContain("must not stand on a command line");
    expect([...out, ...errors].join()).not.toContain(key.slice(0, 20));
  },
);

test.each([
  [["keys", "create"], "--plan"],
  [["keys", "create", "--plan", "daily"], "--plan must be weekly or monthly"],
  [["keys", "create", "--plan", "weekly", "--cap", "0"], "--cap must be a whole number"],
  [["keys", "create", "--plan", "weekly", "--rate", "fast"], "--rate must be a number"],
  [["keys", "create", "--plans", "weekly"], "--plans"],
  [["keys", "revoke"], "keys revoke takes <key>"],
  [["keys", "list", "all"], "keys list takes no operands"],
  [["keys", "steal"], "There are: keys create, keys list"],
  [["keys"], "There are: keys create"],
  [["keys", "revoke", "key_none"], "no such key"],
  [["rejected", "list", "--kind", "rumour"], "--kind must be market, trade or book"],
])("a wrong call (%j) ends with status 2 and one sentence", async (words, sentence) => {
  const { status, errors } = await aShell().call(...words);

  expect(status).toBe(2);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(sentence);
});

test("a server that is away ends with status 1", async () => {
  const { call, bus } = aShell();
  bus.failWith(new PolytapeError("operating", "bus_unavailable", "NATS cannot be reached."));

  expect(await call("keys", "list")).toMatchObject({
    status: 1,
    errors: [expect.stringMatching(/^polytape: NATS cannot be reached\. .*127\.0\.0\.1:4222.*make status/)],
  });
});

test("who has named no server is told how to ask the copy that runs here, with its passwords", async () => {
  const away = new PolytapeError("operating", "bus_unavailable", "NATS refused the login.");
  const unset = aShell();
  const set = aShell({ surroundings: { variables: { NATS_URL: "nats://tape:4222" } } });
  for (const { bus } of [unset, set]) bus.failWith(away);

  expect((await unset.call("keys", "list")).errors.join()).toContain('make polytape ARGS="…"');
  expect((await set.call("keys", "list")).errors.join()).not.toContain("make polytape");
});

test("credentials in an address are not repeated when its server is away", async () => {
  const surroundings = { variables: { NATS_URL: "nats://ada:se@cret@tape:4222,nats://ada:other@b:4222" } };
  const { call, bus } = aShell({ surroundings });
  bus.failWith(new PolytapeError("operating", "bus_unavailable", "No NATS at nats://ada:se@cret@tape:4222."));

  const [error] = (await call("keys", "list")).errors;

  expect(error).toContain("No NATS at nats://tape:4222. It was");
  expect(error).toContain("asked at nats://tape:4222,nats://b:4222 (NATS_URL)");
});

test("status says what is away, still tells the rest, and ends with status 1", async () => {
  const { call, bus } = aShell();
  bus.failWith(new PolytapeError("operating", "bus_unavailable", "NATS cannot be reached."));

  const { status, out } = await call("status");

  expect(status).toBe(1);
  expect(out.join("\n")).toMatch(/opensearch +green/);
  expect(out.join("\n")).toMatch(/keys +not known: NATS cannot be reached/);
});

test("status tells what the last self-check came to", async () => {
  const { call, store } = aShell();
  const none = await call("status");
  const totals = { checkedMarkets: 25, missingRows: 2, extraRows: 0, anomalies: 1 };
  const last = { dayMs: Date.parse("2026-11-20"), endedAtMs: NOW, left: ["0x1"], totals };
  await store.checkpoints.write("self-check", { checkedDayMs: null, open: null, last }, null);

  const { out } = await call("status");

  expect(none.out.join("\n")).toMatch(/self-check +none yet/);
  expect(out.join("\n")).toMatch(
    /self-check +2026-11-20: 25 markets, 1 not reached; 2 rows missing, 0 extra, 1 anomalies; ended /,
  );
});

test("status of a whole deployment ends with status 0", async () => {
  expect(await aShell().call("status")).toMatchObject({ status: 0, errors: [] });
});

test("dead letters and rejected records are listed", async () => {
  const { call, bus, store } = aShell();
  expect((await call("dead-letters", "list")).out).toEqual(["There are no dead letters."]);
  expect((await call("rejected", "list")).out).toEqual(["Nothing was rejected."]);
  await bus.publishDeadLetter({
    id: "build-candles:7",
    functionName: "build-candles",
    subject: "trades.stored.taker",
    data: "{}",
    deliveries: 3,
    status: 400,
    reason: "input_invalid",
    diedAtMs: NOW,
  });
  await store.rejections.keepSamples([
    { kind: "trade", reason: "size: missing", raw: { a: 1 }, receivedAtMs: NOW },
  ]);

  expect((await call("dead-letters", "list", "--function", "build-candles")).out[1]).toContain(
    "build-candles:7",
  );
  expect((await call("dead-letters", "list", "--function", "other")).out).toEqual([
    "There are no dead letters.",
  ]);
  expect((await call("rejected", "list", "--kind", "trade")).out[1]).toContain("size: missing");
  expect(JSON.parse((await call("rejected", "list", "--json")).out[0] ?? "")).toMatchObject({
    raw: { a: 1 },
  });
});

test("a backfill is started through the gateway, and tells first what it will cost", async () => {
  const asked: unknown[] = [];
  const answerOf = (name: string, body: unknown) => {
    asked.push([name, body]);
    const estimate = { rows: 3_000_000, bytes: 450_000_000, seconds: 375 };
    return { backfill: "all-1-2", outcome: "running", estimate };
  };
  const { call } = aShell({ answerOf });

  const { status, out } = await call("backfill", "start", "--from", "2026-11-01T00:00:00Z");

  expect(status).toBe(0);
  expect(asked).toEqual([["backfill-trades", { from: "2026-11-01T00:00:00.000Z" }]]);
  expect(out.slice(0, 2)).toEqual([
    "About 3000000 trades, 450 MB on disk without candles, 7 min or more.",
    "all-1-2: running.",
  ]);
  expect(await call("backfill", "start")).toMatchObject({ status: 2 });
  expect(await aShell().call("backfill", "start", "--to", "2026-11-01T00:00:00Z")).toMatchObject({
    status: 1,
  });
});

test("backfills are shown with what is done, left and to go", async () => {
  const { call, store } = aShell();
  expect((await call("backfill", "status")).out).toEqual(["There are no backfills."]);
  const seconds = NOW / 1_000;
  const progress = { donePercent: 25, rowsLeft: 15_000, secondsToGo: 50 };
  const state = {
    id: "first",
    marketId: null,
    fromSeconds: seconds - 1_000,
    toSeconds: seconds,
    state: "running",
  };
  const counts = { updatedAtMs: NOW, pages: 5, rows: 5_000, estimate: null, rowsPerSecond: 300 };
  const ends = { servedFromSeconds: null, reason: null };
  await store.checkpoints.write(
    "backfills",
    { backfills: [{ id: "first", open: true }, { id: "gone" }] },
    null,
  );
  await store.checkpoints.write("backfill:first", { ...state, ...counts, ...ends, progress }, null);

  const { out } = await call("backfill", "status");

  expect(out).toHaveLength(2);
  expect(out[1]).toMatch(
    /^first +running +2026-11-22 11:43:20 +2026-11-22 12:00:00 +25 % +5000 +15000 +300 +50 s/,
  );
});

test.each([
  [
    { pages: 0, waitsFor: "disk past the high watermark (90%)" },
    /^first .*waits: disk past the high watermark \(90%\)$/,
  ],
  [{ pages: 0 }, /^first .* 12:00:00 +- +- +- +- +- .*waits until 12:10:00$/],
  [
    { pages: 9, state: "done", servedFromSeconds: NOW / 1_000 - 60 },
    /served only from 2026-11-22 11:59:00: the rest is missing upstream$/,
  ],
])("the remark of a backfill says why it is where it is: %o", async (changes, line) => {
  const { call, store } = aShell();
  const times = { fromSeconds: NOW / 1_000 - 1_000, toSeconds: NOW / 1_000, updatedAtMs: NOW };
  const counts = { rows: 0, estimate: null, rowsPerSecond: null, servedFromSeconds: null, reason: null };
  const progress = { donePercent: 0, rowsLeft: 0, secondsToGo: null };
  const state = { id: "first", marketId: null, state: "running", ...times, ...counts, progress, ...changes };
  await store.checkpoints.write("backfills", { backfills: [{ id: "first" }] }, null);
  await store.checkpoints.write("backfill:first", state, null);

  expect((await call("backfill", "status")).out[1]).toMatch(line);
});

test("a backfill takes days, and a market by any of its names", async () => {
  const asked: unknown[] = [];
  const answerOf = (_: string, body: unknown) => {
    asked.push(body);
    return { outcome: "running" };
  };
  const { call, store } = aShell({ answerOf });
  const market = aMarket();
  await store.markets.storeMarkets([market], NOW - 10_000);

  await call("backfill", "start", "--from", "2026-11-21", "--to", "2026-11-22", "--market", market.slug);

  const days = { from: "2026-11-21T00:00:00.000Z", to: "2026-11-22T00:00:00.000Z" };
  expect(asked).toEqual([{ ...days, market_id: market.marketId }]);
  expect(await call("backfill", "start", "--market", "nobody-knows")).toMatchObject({ status: 2 });
});

test("the first word of commands with --help tells of all of them", async () => {
  const { status, out } = await aShell().call("backfill", "--help");

  expect(status).toBe(0);
  expect(out.join("\n")).toMatch(/backfill start.*backfill status/s);
});

test.each([["trades"], ["keys", "create"], ["keys"]])(
  "help %s %s says what --help says",
  async (...words) => {
    const asked = await aShell().call("help", ...words);

    expect(asked).toMatchObject({ status: 0, errors: [] });
    expect(asked.out[0]).toContain(`polytape ${words.join(" ")}`);
    expect(asked.out).toEqual((await aShell().call(...words, "--help")).out);
  },
);

test.each(["--version", "-V", "version"])("tells its version when asked by %s", async (word) => {
  expect(await aShell().call(word)).toEqual({ status: 0, out: [version], told: [], errors: [] });
});

test("help names every command and every option", async () => {
  const { call } = aShell();

  const { status, out } = await call("--help");

  expect(status).toBe(0);
  for (const command of commands) {
    expect(out.join("\n")).toContain(`polytape ${command.name}`);
    const help = (await call(...command.name.split(" "), "--help")).out.join("\n");
    for (const name of Object.keys(command.options.shape))
      expect(help).toMatch(new RegExp(`--${name} .*[a-z]`));
  }
});

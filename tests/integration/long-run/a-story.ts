import { aMachine, type Fate, LIVES, type Machine, type Outcome, SETTLE_SECONDS } from "./a-machine.ts";
import { type Dice, openDice } from "./dice.ts";
import { judge, secondOf, type Verdict, wrongCandles } from "./judge.ts";
import {
  openStoryClock,
  type StoryClock,
  type TroubledUpstream,
  troubledUpstream,
  type UpstreamSettings,
} from "./troubled-upstream.ts";

/** 2026-09-21T23:20:00Z: the story passes midnight. */
const EPOCH_MS = Date.UTC(2026, 8, 21, 23, 20);

export interface StoryOptions {
  readonly hours: number;
  /** The upstream serves no further back, and the collector is once down for longer. */
  readonly servedSeconds?: number;
}

export interface StoryEnd {
  readonly verdict: Verdict;
  readonly wrongCandles: readonly string[];
  /** Everything before this was settled, seconds. */
  readonly settledTo: number;
  readonly begunSeconds: number;
  /** What happened, one line each. */
  readonly diary: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface Scene {
  readonly dice: Dice;
  readonly clock: StoryClock;
  readonly upstream: TroubledUpstream;
  readonly machine: Machine;
  readonly diary: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  note(what: string, outcome?: Outcome): void;
  /** Throws when the tape or the ledger says what is not so. */
  check(): Promise<Verdict>;
  judge(): Promise<Verdict>;
  wrongCandles(): Promise<string[]>;
}

/** Thrown when a moment of a story shows something that must never be. */
export class StoryBroken extends Error {
  constructor(what: string, facts: unknown, diary: readonly string[]) {
    super(`${what}\n${JSON.stringify(facts, null, 1)}\nlast events:\n${diary.slice(-40).join("\n")}`);
  }
}

/** A tape with nothing on it, and an upstream that the seed makes. */
export function openScene(
  seed: number,
  changes: Partial<UpstreamSettings> = {},
  settleEverySeconds?: number,
): Scene {
  const dice = openDice(seed);
  const clock = openStoryClock(EPOCH_MS + 1_000 * dice.whole(60, 900));
  const settings = {
    seed,
    epochMs: EPOCH_MS,
    tradesPerSecond: dice.pick([0.2, 0.4, 0.8]),
    lateShare: dice.pick([0, 0.05, 0.3]),
    lateSeconds: dice.whole(5, 90),
    pageRowsMax: dice.whole(15, 60),
    ...changes,
  };
  const upstream = troubledUpstream(settings, clock, dice);
  const machine = aMachine(upstream, clock, dice, settleEverySeconds);
  const diary: string[] = [];
  const counts: Record<string, number> = {};
  const begunMs = clock.now();
  const span = () => ({ from: EPOCH_MS / 1_000 - 3_600, to: Math.floor(clock.now() / 1_000) + 3_600 });
  const scene: Scene = {
    dice,
    clock,
    upstream,
    machine,
    diary,
    counts,
    note(what, outcome = {}) {
      const said = Object.entries(outcome)
        .filter(([name]) => NOTED.includes(name))
        .map(([name, value]) => `${name}=${String(value)}`);
      diary.push(`${((clock.now() - begunMs) / 1_000).toFixed(0)} s ${what} ${said.join(" ")}`);
      for (const each of [what, ...said]) counts[each] = (counts[each] ?? 0) + 1;
    },
    judge: () => judge(machine.store, upstream, span()),
    wrongCandles: () => wrongCandles(machine.store, span()),
    async check() {
      const verdict = await scene.judge();
      const wrong = { lies: verdict.lies, invented: verdict.invented, duplicated: verdict.duplicated };
      if (Object.values(wrong).every((keys) => keys.length === 0)) return verdict;
      throw new StoryBroken("the ledger or the tape says what is not so", await explain(scene, wrong), diary);
    },
  };
  return scene;
}

/**
 * Hours of collecting through everything that goes wrong, then quiet. At random moments, and at the end, what
 * the ledger calls complete must hold all that the upstream has made visible.
 */
export async function tellStory(seed: number, options: StoryOptions): Promise<StoryEnd> {
  const scene = openScene(seed);
  const { dice, clock, upstream } = scene;
  const begunMs = clock.now();
  const endMs = begunMs + options.hours * 3_600_000;
  upstream.trouble.servedSeconds = options.servedSeconds ?? Number.POSITIVE_INFINITY;
  let outageMs = options.servedSeconds === undefined ? Number.POSITIVE_INFINITY : (begunMs + endMs) / 2;
  while (clock.now() < endMs) {
    clock.advance(1_000 * dice.whole(2, 40));
    if (clock.now() > outageMs) {
      outageMs = Number.POSITIVE_INFINITY;
      clock.advance(1_000 * ((options.servedSeconds ?? 0) + dice.whole(60, 600)));
      scene.note("long outage");
    }
    if (dice.happens(0.08)) changeTrouble(scene);
    await liveOn(scene);
    if (dice.happens(0.04)) await scene.check();
  }

  Object.assign(upstream.trouble, { failures: 0, behindMs: 0, replicaBehindMs: 0, isWithoutV2: false });
  scene.note("quiet from here on");
  const settledTo = await settleDown(scene);
  return {
    verdict: await scene.check(),
    wrongCandles: await scene.wrongCandles(),
    settledTo,
    begunSeconds: begunMs / 1_000,
    diary: scene.diary,
    counts: scene.counts,
  };
}

const NEVER_SECONDS = 1e9;

/**
 * The live tail alone, on an upstream that is never late nor behind: no settle walk and no backfill mend what it
 * gets wrong. Whenever it stands at its end, all up to there must be on the tape. Returns what it lacks, and the
 * candles that are wrong, at the end.
 */
export async function tellTailStory(seed: number, { hours }: StoryOptions) {
  const scene = openScene(seed, { lateShare: 0, pageRowsMax: 15, tradesPerSecond: 1.2 }, NEVER_SECONDS);
  const { dice, clock, machine, upstream, note } = scene;
  let fromSeconds: number | null = null;
  const lacks = async () => {
    const { anchorSeconds, coveredFromSeconds } = await machine.tape();
    fromSeconds ??= coveredFromSeconds;
    const { lost, invented, duplicated } = await scene.judge();
    const isCovered = (key: string) =>
      fromSeconds !== null && secondOf(key) >= fromSeconds && secondOf(key) <= anchorSeconds;
    return [...lost.filter(isCovered), ...invented, ...duplicated];
  };
  const endMs = clock.now() + hours * 3_600_000;
  while (clock.now() < endMs) {
    clock.advance(1_000 * dice.whole(2, 60));
    if (dice.happens(0.1)) upstream.trouble.failures = dice.pick([0, 0.1, 0.3]);
    const at = dice.share();
    const [fate, pagesMax] = [dice.happens(0.5) ? someFate(dice) : LIVES, dice.whole(1, 12)];
    if (at < 0.6) note("tick", await machine.collect(fate, pagesMax));
    else if (at < 0.8) await Promise.all([machine.collect(fate, pagesMax), machine.collect(someFate(dice))]);
    else note("candles", await machine.buildCandles(dice.happens(0.3) ? someFate(dice) : LIVES));
    if (!dice.happens(0.1)) continue;
    const lacking = await lacks();
    if (lacking.length > 0)
      throw new StoryBroken("rows above the tail's begin are not there", lacking, scene.diary);
  }
  upstream.trouble.failures = 0;
  for (let ticks = 0; (await machine.collect(LIVES, 20))["walk"] !== "quiet"; ticks += 1) {
    if (ticks > QUIET_TICKS_MAX) throw new StoryBroken("the tail is never at its end", {}, scene.diary);
    clock.advance(500);
  }
  while ((await machine.buildCandles())["built"] !== "nothing");
  return { lacking: await lacks(), wrongCandles: await scene.wrongCandles() };
}

/** Which second, when it became visible is in the truth; who said that it is complete is in the ledger. */
async function explain(
  { machine, clock }: Scene,
  wrong: Readonly<Record<string, readonly string[]>>,
): Promise<Record<string, unknown>> {
  const nowSeconds = Math.floor(clock.now() / 1_000);
  const said: Record<string, unknown> = {};
  for (const [name, keys] of Object.entries(wrong)) {
    const [first] = keys;
    if (first === undefined) continue;
    const fromMs = secondOf(first) * 1_000;
    const statements = await machine.store.coverage.findIntervals({ fromMs, toMs: fromMs + 1, limit: 10 });
    said[name] = {
      count: keys.length,
      secondsAgo: keys.slice(0, 5).map((key) => nowSeconds - secondOf(key)),
      statements,
    };
  }
  return said;
}

const NOTED = ["walk", "end", "settle", "gap", "died", "failed", "outcome"];

/** Late rows and the lag of replicas together stay within the settle time: that is what it is for. */
function changeTrouble({ dice, upstream: { trouble }, note }: Scene): void {
  trouble.failures = dice.pick([0, 0, 0.03, 0.1, 0.3, 0.8]);
  trouble.behindMs = 1_000 * dice.pick([0, 0, 0, 0, dice.whole(5, 50), dice.whole(200, 900)]);
  trouble.replicaBehindMs = 1_000 * dice.pick([0, 0, dice.whole(2, 120)]);
  trouble.isWithoutV2 = dice.happens(0.1);
  const { failures, behindMs, replicaBehindMs, isWithoutV2 } = trouble;
  note("trouble");
  if (failures > 0) note(`${failures} of the requests fail`);
  if (behindMs > 0) note(`${behindMs > 60_000 ? "far" : "somewhat"} behind`);
  if (replicaBehindMs > 0) note("some answers are old");
  if (isWithoutV2) note("without v2");
}

/** What happens next: mostly a tick, now and then something that a tick must survive. */
async function liveOn({ dice, clock, machine, note }: Scene): Promise<void> {
  const at = dice.share();
  if (at < 0.45) note("tick", await machine.collect(LIVES, dice.whole(1, 6)));
  else if (at < 0.6) note("tick killed", await machine.collect(someFate(dice), dice.whole(1, 6)));
  else if (at < 0.7) {
    const [one, other] = [someFate(dice), dice.happens(0.5) ? LIVES : someFate(dice)];
    const ends = await Promise.all([machine.collect(one), machine.collect(other)]);
    for (const end of ends) note("two ticks at once", end);
  } else if (at < 0.85)
    note("candles", await machine.buildCandles(dice.happens(0.3) ? someFate(dice) : LIVES));
  else if (at < 0.88) {
    const ends = await Promise.all([machine.buildCandles(), machine.buildCandles(), machine.collect()]);
    for (const end of ends) note("all at once", end);
  } else if (at < 0.98) note("backfill", await machine.backfill(dice.happens(0.3) ? someFate(dice) : LIVES));
  else {
    clock.advance(1_000 * dice.whole(60, 900));
    note("outage");
  }
}

function someFate(dice: Dice): Fate {
  const dies = dice.happens(0.7);
  return {
    dieAtEffect: dies ? dice.whole(1, 14) : Number.POSITIVE_INFINITY,
    effectHappens: dice.happens(0.5),
    abortAtRequest: dies ? Number.POSITIVE_INFINITY : dice.whole(1, 8),
  };
}

const QUIET_TICKS_MAX = 600;

/** Ticks without trouble until all that was made by now has settled, and every message was taken. */
export async function settleDown({ clock, machine, note, diary }: Scene): Promise<number> {
  const untilSeconds = Math.floor(clock.now() / 1_000);
  for (let ticks = 0; ticks < QUIET_TICKS_MAX; ticks += 1) {
    clock.advance(20_000);
    const tail = await machine.collect(LIVES, 20);
    note("quiet tick", tail);
    const past = await machine.backfill();
    note("quiet backfill", past);
    const settledTo = Date.parse(String(tail["settled_to"])) / 1_000;
    if (tail["settle"] !== "complete" || settledTo < untilSeconds || past["outcome"] !== "nothing_to_do")
      continue;
    while ((await machine.buildCandles())["built"] !== "nothing");
    return settledTo;
  }
  throw new StoryBroken(`not settled after ${QUIET_TICKS_MAX} quiet ticks`, { SETTLE_SECONDS }, diary);
}

import { FAMILY_SIZE, kindOf, type MarketKind } from "./market-lifetime.ts";
import { pick, unit } from "./random.ts";
import { PURPOSE, type WorldSettings } from "./world-settings.ts";

/** What a market is about, in words. */
export interface MarketStory {
  readonly question: string;
  readonly slug: string;
  readonly groupItemTitle: string;
  readonly outcomes: readonly string[];
  readonly description: string;
  readonly icon: string;
}

/** What an event is about. Tags are names of `TAGS`. */
export interface EventStory {
  readonly title: string;
  readonly slug: string;
  readonly tags: readonly string[];
}

const CITIES = ["Oslo", "Lisbon", "Nairobi", "Quito", "Hanoi", "Perth", "Tallinn", "Córdoba", "Zürich"];
const COINS = ["Bitcoin", "Ethereum", "Solana", "XRP"];
const TEAMS = [
  "Harbour FC",
  "Northmen",
  "Río Azul",
  "Iron Foxes",
  "Lakeside",
  "Old Town",
  "Comets",
  "Vikings",
];
const OFFICES = ["Prime Minister", "President", "Mayor", "Speaker"];
const LANDS = ["Avaria", "Borland", "Cathay", "Dalmora", "Estoria", "Freeland"];
const YEARS = ["2026", "2027", "2028"];

/** Tag names of the world; a market's tags are its event's. */
export const TAGS = [
  "politics",
  "elections",
  "crypto",
  "bitcoin",
  "sports",
  "soccer",
  "weather",
  "economy",
  "culture",
];

/** The market whose event this one belongs to: itself, unless the family is one event. */
export function eventLeaderOf(settings: WorldSettings, market: number): number {
  if (kindOf(settings, market) !== "weather") return market;
  return Math.floor(market / FAMILY_SIZE) * FAMILY_SIZE;
}

export function tellMarket(settings: WorldSettings, market: number): MarketStory {
  const kind = kindOf(settings, market);
  const draw = (what: number) => unit(settings.seed, PURPOSE.story, market, what);
  const told = TELLERS[kind](market, draw, eventLeaderOf(settings, market), settings);
  return {
    ...told,
    slug: `${slugged(told.question)}-${market}`,
    description: `This market resolves by the rules of the simulated world: "${told.question}"\n\nNumber ${market}.`,
    icon: `https://polymarket-upload.s3.us-east-2.amazonaws.com/simulated-${kind}.png`,
  };
}

export function tellEvent(settings: WorldSettings, leader: number): EventStory {
  const kind = kindOf(settings, leader);
  if (kind !== "weather") {
    const { question, slug } = tellMarket(settings, leader);
    return { title: question, slug, tags: tagsOf(settings, kind, leader) };
  }
  const city = cityOf(settings, leader);
  const title = `Highest temperature in ${city}?`;
  return { title, slug: `${slugged(title)}-${leader}-event`, tags: tagsOf(settings, kind, leader) };
}

type Told = Pick<MarketStory, "question" | "groupItemTitle" | "outcomes">;
type Teller = (
  market: number,
  draw: (what: number) => number,
  leader: number,
  settings: WorldSettings,
) => Told;

const YES_NO = ["Yes", "No"];

const TELLERS: Readonly<Record<MarketKind, Teller>> = {
  weather: (market, _draw, leader, settings) => {
    const degrees = `${8 + (market - leader) * 2}°C`;
    const question = `Will the highest temperature in ${cityOf(settings, leader)} be ${degrees}?`;
    return { question, groupItemTitle: degrees, outcomes: YES_NO };
  },
  crypto: (market, draw) => ({
    question: `${pick(COINS, draw(10))} Up or Down - round ${market}`,
    groupItemTitle: "",
    outcomes: ["Up", "Down"],
  }),
  sports: (_market, draw) => {
    const home = Math.floor(draw(11) * TEAMS.length);
    const teams = [TEAMS[home] ?? "", TEAMS[(home + 1 + Math.floor(draw(12) * 6)) % TEAMS.length] ?? ""];
    return { question: `${teams[0]} vs. ${teams[1]}`, groupItemTitle: "", outcomes: teams };
  },
  politics: (_market, draw) => ({
    question: `Will there be a new ${pick(OFFICES, draw(13))} of ${pick(LANDS, draw(14))} by ${pick(YEARS, draw(15))}?`,
    groupItemTitle: "",
    outcomes: YES_NO,
  }),
  legacy: (market, draw) => {
    const scalar = draw(16) < 0.5;
    return {
      question: scalar
        ? `How many "units" will ${pick(LANDS, draw(14))} count at the end of 2021?`
        : `Who will win cup ${market} of ${pick(LANDS, draw(14))}?`,
      groupItemTitle: "",
      outcomes: scalar ? ["Long", "Short"] : pick([YES_NO, ["Home", "Draw", "Away"]], draw(17)),
    };
  },
};

function cityOf(settings: WorldSettings, leader: number): string {
  return pick(CITIES, unit(settings.seed, PURPOSE.story, leader, 18));
}

function tagsOf(settings: WorldSettings, kind: MarketKind, leader: number): readonly string[] {
  const extra = unit(settings.seed, PURPOSE.story, leader, 19) < 0.4;
  switch (kind) {
    case "weather":
      return ["weather"];
    case "crypto":
      return extra ? ["crypto", "bitcoin"] : ["crypto"];
    case "sports":
      return extra ? ["sports", "soccer"] : ["sports"];
    case "politics":
      return extra ? ["politics", "elections"] : ["politics"];
    case "legacy":
      return extra ? ["culture"] : [];
  }
}

function slugged(text: string): string {
  return text
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

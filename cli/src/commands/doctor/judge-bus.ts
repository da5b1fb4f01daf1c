import type { BusState, StreamPlan } from "@polytape/event-bus";
import { STREAM_USAGE_FULL, STREAM_USAGE_WARNING, streamUsage, usageText } from "../../stream-usage.ts";
import { type Finding, failed, ok, some, warning } from "./finding.ts";
import { NOT_COMPARED, type PlannedFunction } from "./judge-functions.ts";

const APPLY = "set NATS up: node nats/dist/apply.cjs";
/** At one message a tick of three seconds: ten minutes behind. */
const PENDING_MAX = 200;

export function judgeStreams(planned: readonly Pick<StreamPlan, "name">[], { streams }: BusState): Finding {
  const there = new Set(streams.map(({ name }) => name));
  const missing = planned.map(({ name }) => name).filter((name) => !there.has(name));
  if (missing.length > 0) return failed(`missing: ${some(missing)}`, APPLY);
  return ok(`all ${planned.length} are there`);
}

export function judgeUsage({ streams }: BusState): Finding {
  const usage = streamUsage(streams);
  const [fullest] = usage;
  if (!fullest) return ok("no stream has a limit that refuses");
  const past = usage.filter(({ share }) => share > STREAM_USAGE_WARNING);
  if (past.length === 0) return ok(`fullest is ${usageText(fullest)}`);
  const said = some(past.map(usageText));
  const cure = "see who does not take its messages (the line consumers): a full stream stops its publishers";
  return fullest.share > STREAM_USAGE_FULL ? failed(said, cure) : warning(said, cure);
}

/** Of each function with a clock: one that fires at its topic as often as its annotation says. */
export function judgeSchedules(planned: readonly PlannedFunction[] | null, { schedules }: BusState): Finding {
  if (planned === null) {
    if (schedules.length === 0) return failed("none", APPLY);
    return warning(`${schedules.length} are there, not compared with a stack.yml`, NOT_COMPARED);
  }
  const held = new Map(schedules.map(({ target, specification }) => [target, specification]));
  const wanted = planned.flatMap(({ annotations }) => {
    const { schedule } = annotations;
    const tick = topicsOf(annotations).find((topic) => topic.startsWith("tick."));
    return schedule === undefined || tick === undefined
      ? []
      : [{ tick, specification: `@every ${schedule}` }];
  });
  const missing = wanted.filter(({ tick }) => !held.has(tick)).map(({ tick }) => tick);
  if (missing.length > 0) return failed(`missing: ${some(missing)}`, APPLY);
  const others = wanted.filter(({ tick, specification }) => held.get(tick) !== specification);
  if (others.length > 0)
    return warning(
      `another beat than in stack.yml: ${some(others.map(({ tick }) => `${tick} ${held.get(tick)}`))}`,
      `${APPLY}, with the same POLL_INTERVAL_… as the functions`,
    );
  return ok(`all ${wanted.length}, as in stack.yml`);
}

/**
 * The trigger waits for the next message of nearly every consumer nearly all the time. Messages without an answer prove
 * nothing: those that a dead trigger had taken are without one too.
 */
export function judgeConsumers(planned: readonly PlannedFunction[] | null, { streams }: BusState): Finding {
  const consumers = streams
    .filter(({ name }) => !name.startsWith("KV_"))
    .flatMap((stream) => stream.consumers);
  const fed = new Set(consumers.map(({ subject }) => subject));
  const missing = (planned ?? [])
    .flatMap(({ annotations }) => topicsOf(annotations))
    .filter((topic) => !fed.has(topic));
  const cure = "start function-trigger, and read its log";
  if (missing.length > 0) return failed(`nobody takes ${some(missing)}`, cure);
  if (!consumers.some(({ isAskedFor }) => isAskedFor)) return failed("nobody takes messages", cure);
  const behind = consumers.filter(({ pending }) => pending > PENDING_MAX);
  if (behind.length > 0)
    return warning(
      `behind: ${some(behind.map(({ name, pending }) => `${name} ${pending}`))}`,
      "its function fails or is slow: read its log and the trigger's",
    );
  const waiting = consumers.reduce((sum, { pending }) => sum + pending, 0);
  const said = `${consumers.length}, with ${waiting} messages waiting`;
  return planned === null ? warning(`${said}, not compared with a stack.yml`, NOT_COMPARED) : ok(said);
}

export function judgeLetters(letters: readonly { readonly functionName: string }[], max: number): Finding {
  if (letters.length === 0) return ok("none");
  const functions = [...new Set(letters.map(({ functionName }) => functionName))];
  return warning(
    `${letters.length >= max ? `${max} or more` : letters.length} of ${some(functions)}`,
    "polytape dead-letters list; mend what they name, then polytape dead-letters replay",
  );
}

function topicsOf({ topic }: Readonly<Record<string, string>>): string[] {
  return topic === undefined ? [] : topic.split(",").map((each) => each.trim());
}

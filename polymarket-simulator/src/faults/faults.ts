import type { Disturbances } from "../world/disturbances.ts";
import { mix, unit } from "../world/random.ts";
import type { PagingLimits } from "../world/world.ts";
import type { Fault, FaultName } from "./fault-settings.ts";

/** A fault that hits a request, and how many it had hit before. */
export interface Hit {
  readonly fault: Fault;
  readonly nth: number;
}

/** The faults switched on. Which requests they hit depends on their settings and on counting alone. */
export interface Faults {
  /** Replaces a fault of the same name. */
  set(fault: Fault): void;
  /** False when it was not on. */
  clear(name: string): boolean;
  list(): readonly (Fault & { hits: number; requests: number })[];
  /** The faults that hit a request, counting it. Call once a request. */
  meet(path: string): readonly Hit[];
  /** Whether connections are being dropped. */
  isDown(): boolean;
  readonly limits: PagingLimits;
}

interface Running {
  readonly fault: Fault;
  requests: number;
  hits: number;
}

const ON_ANSWERS: readonly FaultName[] = [
  "rate-limited",
  "server-errors",
  "slow",
  "truncated-body",
  "html-403",
  "restart",
];

const OFFSET_CAP_DEFAULT = 10_000;
const V1_FORM_DEFAULT = { windows: "honoured", end: "inclusive", limit_max: 10_000 } as const;

export function openFaults(
  seed: number,
  now: () => number,
): Faults & {
  /** Must be called once before faults of the world (late trades …) are set. */
  attach(disturbances: Disturbances): void;
} {
  const running = new Map<string, Running>();
  let disturbances: Disturbances | null = null;
  let downUntilMs = 0;

  function hits(one: Running): boolean {
    const nth = one.requests++;
    if (!aimHits(one.fault, nth, seed)) return false;
    one.hits++;
    return true;
  }

  function disturb(fault: Fault): void {
    if (fault.name !== "late-trades" && fault.name !== "equal-rows" && fault.name !== "malformed-rows")
      return;
    disturbances?.end(fault.name, now());
    disturbances?.begin({
      kind: fault.name,
      fromMs: fault.since === undefined ? now() : fault.since * 1_000,
      share: fault.share,
      delayMs: fault.name === "late-trades" ? fault.delay_seconds * 1_000 : 0,
    });
  }

  const get = <Name extends FaultName>(name: Name) => {
    const fault = running.get(name)?.fault;
    return fault?.name === name ? (fault as Extract<Fault, { name: Name }>) : null; // the name tells its kind
  };

  return {
    attach(world) {
      disturbances = world;
    },
    set(fault) {
      running.set(fault.name, { fault, requests: 0, hits: 0 });
      disturb(fault);
      if (fault.name === "restart" && !isAimed(fault)) downUntilMs = now() + fault.seconds * 1_000;
    },
    clear(name) {
      const one = running.get(name);
      if (!one) return false;
      running.delete(name);
      const { fault } = one;
      if (fault.name === "late-trades" || fault.name === "equal-rows" || fault.name === "malformed-rows")
        disturbances?.end(fault.name, now());
      if (name === "restart") downUntilMs = 0;
      return true;
    },
    list: () => [...running.values()].map(({ fault, hits, requests }) => ({ ...fault, hits, requests })),
    meet(path) {
      const met: Hit[] = [];
      for (const one of running.values()) {
        const { fault } = one;
        if (!ON_ANSWERS.includes(fault.name)) continue;
        if ("path" in fault && fault.path !== undefined && !path.startsWith(fault.path)) continue;
        if (fault.name === "restart" && !isAimed(fault)) continue;
        if (!hits(one)) continue;
        met.push({ fault, nth: one.hits - 1 });
        if (fault.name === "restart") downUntilMs = now() + fault.seconds * 1_000;
      }
      return met;
    },
    isDown: () => now() < downUntilMs,
    limits: {
      gammaOffsetMax: () => get("offset-cap")?.gamma_cap ?? OFFSET_CAP_DEFAULT,
      tradesOffsetMax: () => get("offset-cap")?.cap ?? OFFSET_CAP_DEFAULT,
      tradesPastCap: () => get("offset-cap")?.mode ?? "refuse",
      v2Absent: () => get("v2-absent")?.status ?? null,
      v1Form: () => get("v1-form") ?? V1_FORM_DEFAULT,
      shifted(offset) {
        const one = running.get("page-shift");
        const shift = get("page-shift");
        return offset > 0 && one && shift && hits(one) ? Math.max(0, offset - shift.rows) : offset;
      },
    },
  };
}

function isAimed(fault: Fault): boolean {
  return (
    ("every" in fault && fault.every !== undefined) ||
    ("probability" in fault && fault.probability !== undefined)
  );
}

/** Whether the n-th request (from 0) is hit; the n-th of `every: 3` are the third, the sixth … */
function aimHits(fault: Fault, nth: number, seed: number): boolean {
  if ("every" in fault && fault.every !== undefined) return (nth + 1) % fault.every === 0;
  if ("probability" in fault && fault.probability !== undefined)
    return (
      unit(fault.seed ?? seed, mix(fault.name.length, fault.name.charCodeAt(0)), nth) < fault.probability
    );
  return true;
}

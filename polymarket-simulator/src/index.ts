import type { ManualClock } from "./clock.ts";
import { type Fault, faultSchema } from "./faults/fault-settings.ts";
import { openFaults } from "./faults/faults.ts";
import { recordingsApp } from "./recordings/app.ts";
import { readRecordings } from "./recordings/read-recordings.ts";
import { listen, worldApp } from "./server.ts";
import { openWorld, type World } from "./world/world.ts";
import { DEFAULT_WORLD, type WorldSettings } from "./world/world-settings.ts";

export { type ManualClock, manualClock } from "./clock.ts";
export { type Fault, readFaultFlag } from "./faults/fault-settings.ts";
export { DEFAULT_WORLD, type WorldSettings } from "./world/world-settings.ts";

export interface SimulatorOptions extends Partial<WorldSettings> {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** The clock, epoch ms; default the real one. */
  readonly now?: () => number;
  /** Instead of `now`: a clock that stands still until it is told the time, also over `POST /_clock`. */
  readonly clock?: ManualClock;
  /** A folder of recorded payloads to serve instead of a world. */
  readonly recordings?: string;
  /** Faults switched on from the start. */
  readonly faults?: readonly Fault[];
}

export interface Simulator {
  /** Where it listens. The families are under `/gamma`, `/data` and `/clob`, the truth under `/_truth`. */
  readonly url: string;
  readonly settings: WorldSettings;
  /** Switches a fault on; parameters as in `POST /_faults`. Throws a ZodError for wrong ones. */
  setFault(fault: { readonly name: Fault["name"] } & Readonly<Record<string, unknown>>): void;
  clearFault(name: Fault["name"]): void;
  /** One line that names the addresses and what fixes the world. */
  readonly introduction: string;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;

/** A simulated Polymarket without a socket. */
export interface Simulation {
  readonly settings: WorldSettings;
  /** Answers as the server would; `now` is read while the call runs, not later. Faults of answers are not thrown. */
  answer(request: Request): Response | Promise<Response>;
  /** Switches a fault of the world or of paging on. Throws a ZodError for wrong parameters. */
  setFault: Simulator["setFault"];
  clearFault: Simulator["clearFault"];
}

/** For tests that live through hours in seconds, with a clock and a transport of their own. */
export function openSimulation(changes: Partial<WorldSettings>, now: () => number): Simulation {
  const { world, faults } = openParts(changes, now);
  const app = worldApp(world);
  return {
    settings: world.settings,
    answer: (request) => app.fetch(request),
    setFault: (fault) => faults.set(faultSchema.parse(fault)),
    clearFault: (name) => void faults.clear(name),
  };
}

function openParts(
  changes: Partial<WorldSettings>,
  now: () => number,
): { world: World; faults: ReturnType<typeof openFaults> } {
  const epochMs = Math.floor(now() / HOUR_MS) * HOUR_MS;
  const settings: WorldSettings = { ...DEFAULT_WORLD, epochMs, ...changes };
  const faults = openFaults(settings.seed, now);
  const world = openWorld(settings, now, faults.limits);
  faults.attach(world.disturbances);
  return { world, faults };
}

/**
 * Starts a simulated Polymarket on loopback. Unless an epoch is given, history ends at the full hour before
 * the start: two simulators agree only if they are given the same one.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    port = 0,
    clock,
    now = clock?.now ?? Date.now,
    recordings,
    faults: atStart = [],
    ...changes
  } = options;
  const { world, faults } = openParts(changes, now);
  const { settings } = world;
  for (const fault of atStart) faults.set(fault);

  const app = recordings === undefined ? worldApp(world) : recordingsApp(readRecordings(recordings), now);
  const { server, url } = await listen(app, faults, { port, now, manual: clock ?? null });
  return {
    url,
    settings,
    introduction: introduce(url, settings, recordings),
    setFault: (fault) => faults.set(faultSchema.parse(fault)),
    clearFault: (name) => void faults.clear(name),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function introduce(url: string, settings: WorldSettings, recordings: string | undefined): string {
  if (recordings !== undefined)
    return `recorded Polymarket at ${url} (/gamma, /feeds/{name}/data, /clob, /_recordings): ${recordings}`;
  const { seed, epochMs, marketCount, tradesPerSecond } = settings;
  const world = `seed ${seed}, epoch ${new Date(epochMs).toISOString()}, ${marketCount} markets, ${tradesPerSecond} trades/s`;
  return `simulated Polymarket at ${url} (/gamma, /data, /clob, /_truth): ${world}`;
}

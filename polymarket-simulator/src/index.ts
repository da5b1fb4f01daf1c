import { listen, worldApp } from "./server.ts";
import { openWorld } from "./world/world.ts";
import { DEFAULT_WORLD, type WorldSettings } from "./world/world-settings.ts";

export type { WorldSettings } from "./world/world-settings.ts";

export interface SimulatorOptions extends Partial<WorldSettings> {
  /** 0 takes a free port. */
  readonly port?: number;
  /** The clock, epoch ms; default the real one. */
  readonly now?: () => number;
}

export interface Simulator {
  /** Where it listens; the families are under `/gamma`, `/data` and `/clob`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a simulated Polymarket on loopback. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, now = Date.now, ...changes } = options;
  const hour = Math.floor(now() / 3_600_000) * 3_600_000;
  const limits = {
    gammaOffsetMax: () => 10_000,
    tradesOffsetMax: () => 10_000,
    tradesPastCap: () => "refuse" as const,
    shifted: (offset: number) => offset,
  };
  const world = openWorld({ ...DEFAULT_WORLD, epochMs: hour, ...changes }, now, limits);
  const { server, url } = await listen(worldApp(world), port);
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

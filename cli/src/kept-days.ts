import { wholeNumber } from "@polytape/function-runtime";
import { type EpochMs, keptFrom } from "@polytape/market-model";
import { z } from "zod";
import type { Tools } from "./command.ts";

const settings = z.object({ RETENTION_DAYS: wholeNumber({ min: 0, max: 36_500 }).default(90) });

/** The first moment of the days that are kept by RETENTION_DAYS of the environment; null when all are. */
export function keptFromMs(tools: Pick<Tools, "surroundings" | "now">): EpochMs | null {
  const { RETENTION_DAYS: days } = settings.parse({
    RETENTION_DAYS: tools.surroundings().variables["RETENTION_DAYS"],
  });
  return keptFrom(days, tools.now());
}

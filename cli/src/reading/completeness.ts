import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { Tools } from "../command.ts";
import { ANSWER_INCOMPLETE } from "../exit-status.ts";

/** What an answer says of its own completeness. */
export const coverageBlock = z.object({
  complete: z.boolean().nullable(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** An answer counts all of them, and names some. */
  gaps_total: z.number(),
  gaps: z.array(
    z.object({
      from: z.string().nullable(),
      to: z.string(),
      state: z.string(),
      cause: z.string().nullable(),
    }),
  ),
});
type CoverageBlock = z.output<typeof coverageBlock>;

export const keptFields = z.object({
  truncated_by: z.enum(["retention", "limit"]).nullable(),
  retention_from: z.string().nullable(),
});

export interface Completeness {
  readonly coverage: CoverageBlock;
  readonly truncatedBy: "retention" | "limit" | null;
  readonly retentionFrom: string | null;
}

const GAPS_TOLD_MAX = 20;

/**
 * Tells on the side what is not proven to be there, gap by gap, and throws `answer_incomplete` (status 3)
 * when anything is not; else tells from when to when all is there. Called after all has been printed.
 */
export function sayCompleteness(parts: readonly Completeness[], tools: Pick<Tools, "tell">): void {
  const blocks = parts.map(({ coverage }) => coverage);
  const gapsTotal = blocks.reduce((sum, block) => sum + block.gaps_total, 0);
  const told = blocks.flatMap((block) => block.gaps).slice(0, GAPS_TOLD_MAX);
  for (const { from, to, state, cause } of told)
    tools.tell(`gap: ${from ?? "the start"} to ${to} ${state}${cause ? ` (${cause})` : ""}`);
  if (gapsTotal > told.length) tools.tell(`and ${gapsTotal - told.length} more gaps`);

  const reasons = [...new Set([...parts.flatMap(cutReason), ...coverageReason(blocks, gapsTotal)])];
  if (reasons.length > 0) throw new PolytapeError("operating", ANSWER_INCOMPLETE, reasons.join(" "));
  tools.tell(`Complete from ${blocks[0]?.from ?? "the start"} to ${blocks.at(-1)?.to ?? "the end"}.`);
}

function coverageReason(blocks: readonly CoverageBlock[], gaps: number): string[] {
  const told = gaps === 0 ? "" : `: ${gaps} ${gaps === 1 ? "gap" : "gaps"}`;
  if (blocks.some(({ complete }) => complete === false)) return [`This is not complete${told}.`];
  if (blocks.some(({ complete }) => complete === null))
    return [`It is not known whether this is complete${told}.`];
  return [];
}

function cutReason({ truncatedBy, retentionFrom }: Completeness): string[] {
  if (truncatedBy === "retention") return [`What was before ${retentionFrom} is no longer kept.`];
  return truncatedBy === "limit" ? ["The API cut this at its bound: --all reads on."] : [];
}

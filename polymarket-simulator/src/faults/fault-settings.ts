import { z } from "zod";

const share = z.number().min(0).max(1);
const count = z.number().int().min(1).max(1_000_000);

/** Which requests are hit: all, every n-th, or a share of them; of all paths or of those that begin so. */
const aim = {
  probability: share.optional(),
  every: count.optional(),
  /** Beginning of the path as requested, prefix included: `/data/v2/trades`. */
  path: z.string().startsWith("/").optional(),
  seed: z.number().int().optional(),
};

/** Holds for blocks from `since` (epoch seconds; default from now on; 0 for the whole history). */
const hold = { since: z.number().min(0).optional(), share: share.default(0.05) };

const FAULTS = {
  "rate-limited": z.strictObject({
    name: z.literal("rate-limited"),
    ...aim,
    retry_after_seconds: z.number().int().min(0).max(600).default(1),
    /** How Retry-After is written: both forms in turn by default. */
    retry_after_form: z.enum(["seconds", "date", "both", "none"]).default("both"),
  }),
  "server-errors": z.strictObject({
    name: z.literal("server-errors"),
    ...aim,
    /** One of these in turn. */
    statuses: z.array(z.number().int().min(400).max(599)).min(1).max(10).default([500, 503]),
  }),
  slow: z.strictObject({
    name: z.literal("slow"),
    ...aim,
    delay_ms: z.number().min(1).max(120_000).default(3_000),
  }),
  "truncated-body": z.strictObject({ name: z.literal("truncated-body"), ...aim }),
  "html-403": z.strictObject({ name: z.literal("html-403"), ...aim }),
  restart: z.strictObject({
    name: z.literal("restart"),
    ...aim,
    /** How long every connection is dropped. */
    seconds: z.number().min(0.1).max(600).default(3),
  }),
  "page-shift": z.strictObject({ name: z.literal("page-shift"), ...aim, rows: count.default(3) }),
  "offset-cap": z.strictObject({
    name: z.literal("offset-cap"),
    cap: z.number().int().min(0).default(3_000),
    gamma_cap: z.number().int().min(0).default(10_000),
    /** What v1 trades do past the cap. */
    mode: z.enum(["refuse", "repeat", "empty"]).default("refuse"),
  }),
  "v2-absent": z.strictObject({
    name: z.literal("v2-absent"),
    status: z.union([z.literal(404), z.literal(501)]).default(404),
  }),
  "v1-form": z.strictObject({
    name: z.literal("v1-form"),
    /** What becomes of `start` and `end`. */
    windows: z.enum(["honoured", "ignored", "refused"]).default("honoured"),
    end: z.enum(["inclusive", "exclusive"]).default("inclusive"),
    /** Rows an answer holds at most, without a word to who asks for more. */
    limit_max: count.default(10_000),
  }),
  "late-trades": z.strictObject({
    name: z.literal("late-trades"),
    ...hold,
    delay_seconds: z.number().min(0.1).max(86_400).default(30),
  }),
  "equal-rows": z.strictObject({ name: z.literal("equal-rows"), ...hold }),
  "malformed-rows": z.strictObject({ name: z.literal("malformed-rows"), ...hold }),
} as const;

/** Faults of the socket, which is not simulated yet. */
export const SOCKET_FAULTS = ["silent-socket", "dropped-delta"];

export const faultSchema = z.discriminatedUnion("name", [
  FAULTS["rate-limited"],
  FAULTS["server-errors"],
  FAULTS.slow,
  FAULTS["truncated-body"],
  FAULTS["html-403"],
  FAULTS.restart,
  FAULTS["page-shift"],
  FAULTS["offset-cap"],
  FAULTS["v2-absent"],
  FAULTS["v1-form"],
  FAULTS["late-trades"],
  FAULTS["equal-rows"],
  FAULTS["malformed-rows"],
]);

export type Fault = z.output<typeof faultSchema>;
export type FaultName = Fault["name"];

/**
 * Reads a fault as the command line writes it: `rate-limited:every=10,path=/data`. Values that are numbers
 * become numbers. Throws a ZodError for an unknown name or a wrong parameter.
 */
export function readFaultFlag(flag: string): Fault {
  const [name = "", ...rest] = flag.split(":");
  const pairs = rest.join(":").split(",").filter(Boolean);
  const parameters = pairs.map((pair) => {
    const [key = "", value = ""] = pair.split("=");
    return [key, key === "statuses" ? value.split("+").map(Number) : numberOrText(value)];
  });
  return faultSchema.parse({ ...Object.fromEntries(parameters), name });
}

function numberOrText(value: string): number | string {
  return value !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}

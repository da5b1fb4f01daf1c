import {
  type ApiKeyRecord,
  DAILY_CAP_MAX,
  extendKey,
  findKey,
  issueKey,
  keyStateAt,
  listKeys,
  PLANS,
  RATE_RPS_MAX,
  revokeKey,
  rotateKey,
} from "@polytape/api-access";
import { HOUR_MS, PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { type Command, defineCommand, type Tools } from "../command.ts";
import { count, json } from "../options.ts";
import { tableLines } from "../table.ts";

const plan = z
  .enum(PLANS, `must be ${PLANS.join(" or ")}`)
  .meta({ description: "weekly (7 days) or monthly (30 days)" });

const create = defineCommand({
  name: "keys create",
  operands: [],
  summary: "makes an API key; the key alone is the last line, and is shown only now",
  options: z.strictObject({
    plan,
    label: z.string().max(200, "may have 200 characters").optional().meta({ description: "whose it is" }),
    rate: z
      .string()
      .refine((text) => /^\d+(\.\d+)?$/.test(text) && Number(text) > 0 && Number(text) <= RATE_RPS_MAX, {
        message: `must be a number up to ${RATE_RPS_MAX}`,
      })
      .transform(Number)
      .optional()
      .meta({ description: "requests a second; default the deployment's" }),
    cap: count("requests a UTC day; default the deployment's", { min: 1, max: DAILY_CAP_MAX }).optional(),
  }),
  async run({ options: { plan, label, rate, cap } }, tools) {
    const order = { plan, label, rateRps: rate, dailyCap: cap };
    const { key, record } = await issueKey(await keyBucket(tools), order, at(tools));
    tools.print(`A ${plan} key, ${record.id}, until ${record.expires_at}.`);
    tools.print("It works within a second and is not kept anywhere: store it now. Send it as X-API-Key.");
    tools.print(key);
  },
});

const list = defineCommand({
  name: "keys list",
  operands: [],
  summary: "all keys, oldest first",
  options: z.strictObject({ json }),
  async run({ options }, tools) {
    const { records, unreadable } = await listKeys(await keyBucket(tools));
    if (options.json) for (const record of records) tools.print(JSON.stringify(shown(record, tools)));
    else for (const line of keyTable(records, tools)) tools.print(line);
    if (unreadable > 0) tools.print(`${unreadable} records cannot be read and let nobody in.`);
  },
});

const show = defineCommand({
  name: "keys show",
  operands: ["key"],
  summary: "one key with its usage, named by its id; - reads the key itself from the input",
  options: z.strictObject({}),
  async run({ operands }, tools) {
    const record = await findKey(await keyBucket(tools), await keyNameOf(operands, tools));
    const usage = await (await tools.bus()).bucket("api_usage");
    tools.print(
      JSON.stringify(
        { ...shown(record, tools), usage: (await usage.get(record.id))?.value ?? null },
        null,
        2,
      ),
    );
  },
});

const revoke = defineCommand({
  name: "keys revoke",
  operands: ["key"],
  summary: "ends a key for good, within a second",
  options: z.strictObject({}),
  async run({ operands }, tools) {
    const name = await keyNameOf(operands, tools);
    const record = await revokeKey(await keyBucket(tools), name, tools.now());
    const { id, revoked_at, replaced_by } = record;
    tools.print(
      `${id} is revoked since ${revoked_at}.${replaced_by ? ` ${replaced_by}, which took its place, is not.` : ""}`,
    );
  },
});

const extend = defineCommand({
  name: "keys extend",
  operands: ["key"],
  summary: "adds a week or a month to a key",
  options: z.strictObject({ plan }),
  async run({ operands, options }, tools) {
    const name = await keyNameOf(operands, tools);
    const record = await extendKey(await keyBucket(tools), name, options.plan, tools.now());
    tools.print(`${record.id} works until ${record.expires_at}.`);
  },
});

const rotate = defineCommand({
  name: "keys rotate",
  operands: ["key"],
  summary: "makes a key that takes another's place; the old one works on for a while",
  options: z.strictObject({
    "grace-hours": count("how long the old key works on; default 24", { min: 0, max: 720 }).optional(),
  }),
  async run({ operands, options }, tools) {
    const graceMs = (options["grace-hours"] ?? 24) * HOUR_MS;
    const name = await keyNameOf(operands, tools);
    const { key, record, replaced } = await rotateKey(await keyBucket(tools), name, {
      ...at(tools),
      graceMs,
    });
    tools.print(`${record.id} takes the place of ${replaced.id}, which works until ${replaced.expires_at}.`);
    tools.print(key);
  },
});

export const keyCommands: readonly Command[] = [create, list, show, revoke, extend, rotate];

async function keyBucket(tools: Tools) {
  return (await tools.bus()).bucket("api_keys");
}

function at(tools: Tools) {
  return { nowMs: tools.now(), randomBytes: tools.randomBytes };
}

function shown({ hash: _, ...record }: ApiKeyRecord, tools: Tools) {
  return { ...record, state: keyStateAt({ ...record, hash: "" }, tools.now()) };
}

function keyTable(records: readonly ApiKeyRecord[], tools: Tools): string[] {
  return tableLines(
    ["id", "plan", "state", "created", "expires", "rate", "cap", "label"],
    records.map((record) => [
      record.id,
      record.plan,
      keyStateAt(record, tools.now()),
      record.created_at,
      record.expires_at,
      record.rate_rps,
      record.daily_cap,
      record.label,
    ]),
  );
}

/** The id that was given, or the key itself from the input. */
async function keyNameOf([operand]: readonly string[], tools: Tools): Promise<string> {
  if (operand === "-") return (await tools.readInput()).trim();
  if (operand !== undefined) return operand;
  throw new PolytapeError("bug", "no_operand", "A command was called without its operand.");
}

import { withoutKeys } from "@polytape/api-access";
import { isSecretName } from "@polytape/function-runtime";
import { PolytapeError, withoutCredentials } from "@polytape/market-model";
import { z } from "zod";
import { type Command, defineCommand } from "../../command.ts";
import type { Surroundings } from "../../surroundings.ts";
import { tableLines } from "../../table.ts";
import { checks } from "./checks.ts";
import { type Finding, failed } from "./finding.ts";
import { partsOf } from "./parts.ts";

/** All checks look at once; whoever has no answer by then has none. */
const WITHIN_MS = 12_000;

const doctor = defineCommand({
  name: "doctor",
  operands: [],
  summary: "looks at every part from outside in and says what to do; status 1 when something failed",
  options: z.strictObject({
    stack: z.string().min(1, "must name a file").optional().meta({
      description: "what should be deployed; default stack.yml of this folder",
    }),
    json: z.literal(true).optional().meta({ description: "as JSON, one check a line" }),
  }),
  async run({ options }, tools) {
    const tooLate = AbortSignal.timeout(WITHIN_MS - 1_000);
    const parts = partsOf(tools, options.stack, tooLate);
    const found = await lookAtAll(
      checks.map(({ name, cure, look }) => ({ name, cure, look: () => look(parts) })),
      WITHIN_MS,
    );
    const shown = found.map((each) => withoutSecrets(each, parts.surroundings));
    if (options.json) for (const each of shown) tools.print(JSON.stringify(each));
    else for (const line of linesOf(shown)) tools.print(line);
    const broken = shown.filter(({ verdict }) => verdict === "failed").map(({ check }) => check);
    if (broken.length > 0)
      throw new PolytapeError("operating", "not_healthy", `Not healthy: ${broken.join(", ")}.`);
  },
});

export const doctorCommands: readonly Command[] = [doctor];

interface NamedFinding extends Finding {
  readonly check: string;
}

/** One look, with all that it needs at hand. */
interface Look {
  readonly name: string;
  readonly cure: string;
  look(): Promise<Finding>;
}

/** In the order given; one that throws or takes too long is a finding of its own. */
export async function lookAtAll(looks: readonly Look[], withinMs: number): Promise<NamedFinding[]> {
  return Promise.all(
    looks.map(async (each) => ({ check: each.name, ...(await lookInTime(each, withinMs)) })),
  );
}

async function lookInTime({ look, cure }: Look, withinMs: number): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    const finding = failed(`no answer within ${withinMs / 1_000} s`, cure);
    timer = setTimeout(() => resolve(finding), withinMs);
  });
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    // Whatever it is: the other parts are still to be told of.
    return failed(error instanceof Error ? error.message : String(error), cure);
  } finally {
    clearTimeout(timer);
  }
}

function linesOf(findings: readonly NamedFinding[]): string[] {
  return tableLines(
    ["state", "part", ""],
    findings.map(({ verdict, check, said, cure }) => [
      ...[verdict, check],
      cure ? `${said.replace(/\.$/, "")}. Do: ${cure}` : said,
    ]),
  );
}

/** Addresses may carry a login, and errors may repeat what was sent. */
function withoutSecrets<T extends Finding>(finding: T, { gateway, api, variables }: Surroundings): T {
  const secrets = [
    gateway.password,
    api.key,
    ...Object.entries(variables).flatMap(([name, value]) => (isSecretName(name) ? [value] : [])),
  ].filter((text): text is string => text !== undefined && text.length >= 6);
  const hide = (text: string) =>
    withoutCredentials(withoutKeys(secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "…"), text)));
  const { said, cure } = finding;
  return { ...finding, said: hide(said), ...(cure !== undefined && { cure: hide(cure) }) };
}

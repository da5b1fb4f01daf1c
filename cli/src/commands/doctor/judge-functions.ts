import { z } from "zod";
import { type Finding, failed, ok, some, warning } from "./finding.ts";

/** The gateway's list, as far as it is looked at. */
export const deployedFunctions = z.array(
  z.object({
    name: z.string(),
    image: z.string().default(""),
    annotations: z.record(z.string(), z.string()).nullish(),
    availableReplicas: z.number().optional(),
  }),
);
export type DeployedFunction = z.output<typeof deployedFunctions>[number];

export interface PlannedFunction {
  readonly name: string;
  readonly image: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const DEPLOY = "deploy stack.yml (make up, or make deploy GATEWAY=…)";

/** `planned` null: there is no stack.yml here to compare with. */
export function judgeFunctions(
  planned: readonly PlannedFunction[] | null,
  deployed: readonly DeployedFunction[],
): Finding {
  const byName = new Map(deployed.map((each) => [each.name, each]));
  const missing = (planned ?? []).map(({ name }) => name).filter((name) => !byName.has(name));
  if (missing.length > 0) return failed(`not deployed: ${some(missing)}`, DEPLOY);
  const ours = planned === null ? deployed : planned.flatMap(({ name }) => byName.get(name) ?? []);
  const down = ours.filter(({ availableReplicas }) => availableReplicas === 0).map(({ name }) => name);
  if (down.length > 0)
    return failed(`not running: ${some(down)}`, "read its log: make logs NAME=gateway, or faas-cli logs");
  if (planned === null)
    return warning(
      `${deployed.length} deployed, not compared`,
      "run it where stack.yml lies, or name it: --stack FILE",
    );
  const others = planned.flatMap((each) => differences(each, byName.get(each.name)));
  if (others.length > 0) return warning(`not as in stack.yml: ${some(others)}`, DEPLOY);
  return ok(`all ${planned.length} of stack.yml, with its images and annotations`);
}

/** Annotations that the platform adds are its own. */
function differences(planned: PlannedFunction, deployed: DeployedFunction | undefined): string[] {
  const wrong = Object.entries(planned.annotations)
    .filter(([name, value]) => deployed?.annotations?.[name] !== value)
    .map(([name]) => name);
  return [...(deployed?.image === planned.image ? [] : ["image"]), ...wrong].map(
    (what) => `${planned.name} ${what}`,
  );
}

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

/** What to do where there is no stack.yml. */
export const NOT_COMPARED =
  "run it where stack.yml lies, name it (--stack FILE, POLYTAPE_STACK), or use deploy/polytape.sh";
const DEPLOY =
  "deploy stack.yml (make up, or make deploy GATEWAY=…), or look with the settings of that deployment (deploy/polytape.sh)";

/**
 * `planned` null: there is no stack.yml here to compare with. Where nobody said how images are named, those of stack.yml
 * say nothing of what was deployed.
 */
export function judgeFunctions(
  planned: readonly PlannedFunction[] | null,
  deployed: readonly DeployedFunction[],
  { imagesAreNamed = true }: { readonly imagesAreNamed?: boolean } = {},
): Finding {
  const byName = new Map(deployed.map((each) => [each.name, each]));
  const missing = (planned ?? []).map(({ name }) => name).filter((name) => !byName.has(name));
  if (missing.length > 0) return failed(`not deployed: ${some(missing)}`, DEPLOY);
  const ours = planned === null ? deployed : planned.flatMap(({ name }) => byName.get(name) ?? []);
  const down = ours.filter(({ availableReplicas }) => availableReplicas === 0).map(({ name }) => name);
  if (down.length > 0)
    return failed(`not running: ${some(down)}`, "read its log: make logs NAME=gateway, or faas-cli logs");
  if (planned === null) return warning(`${deployed.length} deployed, not compared`, NOT_COMPARED);
  const others = planned.flatMap((each) => otherAnnotations(each, byName.get(each.name)));
  const images = planned.filter(({ name, image }) => byName.get(name)?.image !== image);
  if (imagesAreNamed) others.push(...images.map(({ name }) => `${name} image`));
  if (others.length > 0) return warning(`not as in stack.yml: ${some(others)}`, DEPLOY);
  if (images.length > 0)
    return ok(
      `all ${planned.length} of stack.yml, with its annotations; images not compared: IMAGE_PREFIX and IMAGE_TAG are not set here`,
    );
  return ok(`all ${planned.length} of stack.yml, with its images and annotations`);
}

/** Annotations that the platform adds are its own. */
function otherAnnotations(planned: PlannedFunction, deployed: DeployedFunction | undefined): string[] {
  return Object.entries(planned.annotations)
    .filter(([name, value]) => deployed?.annotations?.[name] !== value)
    .map(([name]) => `${planned.name} ${name}`);
}

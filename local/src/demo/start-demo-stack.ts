import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { PolytapeError } from "@polytape/market-model";
import { up } from "../commands/up.ts";
import { DEMO_FOLDERS } from "../homes.ts";
import { findHome, planStack, type StackPlan } from "../stack-plan.ts";

/** What a demonstration stands on. */
export interface DemoGround {
  readonly repository: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  tell(line: string): void;
}

/** The folder in which a demonstration of this kind keeps its data. */
export function demoHome({ repository, environment }: DemoGround, kind: keyof typeof DEMO_FOLDERS): string {
  return join(findHome(repository, environment).home, DEMO_FOLDERS[kind]);
}

/** Starts the stack in the demonstration's home; settings of the operator's environment win over these. */
export async function startDemoStack(
  ground: DemoGround,
  home: string,
  settings: Readonly<Record<string, string>>,
): Promise<StackPlan> {
  const given = Object.entries(ground.environment).filter(([, value]) => value !== undefined && value !== "");
  const variables: Record<string, string> = {
    ...settings,
    ...Object.fromEntries(given as [string, string][]),
  };
  variables["POLYTAPE_HOME"] = home;
  const plan = planStack(ground.repository, variables);
  await up(plan, variables, ground.tell);
  return plan;
}

/** Makes an API key with the operator's command, as `make key` does. */
export async function makeKey(plan: StackPlan): Promise<string> {
  const { stdout } = await runOperator(plan, ["keys", "create", "--plan", "weekly", "--label", "demo"]);
  const key = stdout.trim().split("\n").at(-1)?.trim();
  if (!key) throw new PolytapeError("bug", "no_key", "The command made no key.");
  return key;
}

/** Runs the operator's command against the stack. */
export function runOperator(plan: StackPlan, args: readonly string[]): Promise<{ stdout: string }> {
  return promisify(execFile)(process.execPath, [join(plan.repository, "cli/dist/polytape.cjs"), ...args], {
    env: { ...plan.environment },
    timeout: 60_000,
  });
}

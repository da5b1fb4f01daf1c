import type { StackPlan } from "../stack-plan.ts";
import { livingSupervisor } from "../supervisor/claim-home.ts";
import { followStart, startSupervisor } from "./start-supervisor.ts";

/** Starts the stack in the background and returns when it answers; says so when it runs already. */
export async function up(
  plan: StackPlan,
  variables: Readonly<Record<string, string>>,
  tell: (line: string) => void,
): Promise<void> {
  const startedMs = performance.now();
  const living = livingSupervisor(plan.paths.run);
  if (living?.phase === "running") {
    tell(`It already runs (process ${living.process.pid}, ${plan.paths.home}): ${plan.urls.gateway}`);
    return;
  }
  if (living !== null) tell(`It already starts (process ${living.process.pid}, ${plan.paths.home})`);
  await followStart(plan, living?.process.pid ?? startSupervisor(plan, variables), tell);
  tell(`up in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s: ${plan.urls.gateway}`);
}

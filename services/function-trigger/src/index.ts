/** The trigger for whoever runs it inside another process: the tests. */
export { functionTriggerSettings } from "../settings.ts";
export {
  type FunctionTriggerDeps,
  type FunctionTriggerSettings,
  runFunctionTrigger,
} from "./function-trigger.ts";

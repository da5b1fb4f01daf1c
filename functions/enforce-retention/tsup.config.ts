import { defineConfig } from "tsup";
import { functionBundle } from "../../tsup.preset.ts";

export default defineConfig(functionBundle());

import { defineConfig } from "tsup";
import { programBundle } from "../tsup.preset.ts";

export default defineConfig(programBundle({ polytape: "src/main.ts" }));

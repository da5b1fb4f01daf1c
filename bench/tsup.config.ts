import { defineConfig } from "tsup";
import { programBundle } from "../tsup.preset.ts";

export default defineConfig(
  programBundle({ bench: "src/bench.ts", "load-worker": "src/read-load/load-worker.ts" }),
);

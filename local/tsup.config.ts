import { defineConfig } from "tsup";
import { programBundle } from "../tsup.preset.ts";

export default defineConfig(
  programBundle({
    local: "src/local.ts",
    "run-tests": "src/test-run/run-tests.ts",
    demo: "src/demo/demo.ts",
    gateway: "src/gateway/gateway-program.ts",
    "function-host": "src/gateway/function-host.ts",
  }),
);

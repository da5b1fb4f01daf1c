import { defineConfig } from "vitest/config";

/** Unit tests lie beside their file; suites that span packages lie in `tests/`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{packages,functions,services}/*/**/*.test.ts",
            "{polymarket-simulator,local,cli,nats,opensearch,bench}/**/*.test.ts",
          ],
          exclude: ["**/node_modules/**", "**/dist/**", "**/*.integration.test.ts"],
        },
      },
      { test: { name: "house-rules", include: ["tests/house-rules/**/*.test.ts"], testTimeout: 60_000 } },
      { test: { name: "recorded", include: ["tests/recorded/**/*.test.ts"] } },
      {
        test: {
          name: "integration",
          include: ["tests/integration/**/*.test.ts"],
          globalSetup: ["tests/real-servers.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "end-to-end",
          include: ["tests/end-to-end/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseEnvFile } from "./env-file.ts";
import { findRepository } from "./repository.ts";
import { readStackSettings, stackSettings } from "./settings.ts";

const text = readFileSync(join(findRepository(), ".env.example"), "utf8");
const uncommented = text.replaceAll(/^#([A-Z_]+=)/gm, "$1");

it("explains every setting of the local profile, and no other", () => {
  const named = Object.keys(parseEnvFile(uncommented).variables).filter(
    (name) => name !== "POLYTAPE_ENV_FILE",
  );

  expect(named.sort()).toEqual(Object.keys(stackSettings.shape).sort());
});

it("shows the defaults that hold", () => {
  const shown = readStackSettings(uncommented, {}).settings;
  const held = readStackSettings("", {}).settings;

  expect(shown).toEqual(held);
});

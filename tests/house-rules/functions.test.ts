import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isSecretName } from "@polytape/function-runtime";
import { readStack } from "@polytape/local/gateway";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ROOT, textOf } from "./repository.ts";

/** What whoever opens a function's folder may rely on. */
const names = readdirSync(join(ROOT, "functions"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const stack = readStack([join(ROOT, "stack.yml")], {});

describe.each(names)("%s", (name) => {
  const folder = join(ROOT, "functions", name);

  test("has the files that every function has", () => {
    const expected = ["README.md", "handler.ts", "settings.ts", "package.json", "tsup.config.ts"];
    // A function that answers requests has an application, all others have a job of their own name.
    const story = [`${name}.ts`, "app.ts"].filter((file) => existsSync(join(folder, file)));

    expect(expected.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
    expect(story, `the story is told in ${name}.ts`).toHaveLength(1);
  });

  test("names every setting in its README", async () => {
    const readme = textOf(`functions/${name}/README.md`);

    expect(Object.keys(await settingsOf(name)).filter((key) => !readme.includes(`\`${key}\``))).toEqual([]);
  });

  // Left out there, a value in .env would be read by nobody and the default would stand without a word.
  test("is given every setting by stack.yml, but for secrets and what its README calls optional", async () => {
    const given = Object.keys(environmentOf(name));
    const readme = textOf(`functions/${name}/README.md`).split("\n");
    const isOptional = (key: string) =>
      readme.some((line) => line.includes(`\`${key}\``) && line.includes("optional"));

    const left = Object.keys(await settingsOf(name)).filter((key) => !given.includes(key));

    expect(left.filter((key) => !isSecretName(key) && !isOptional(key))).toEqual([]);
  });

  test("has the same defaults in stack.yml as in its settings", async () => {
    const shape = await settingsOf(name);
    const different = Object.entries(environmentOf(name)).filter(([key, value]) => {
      const setting = shape[key];
      const absent = setting?.safeParse(undefined);
      if (!setting || !absent?.success || value === "") return false;
      return JSON.stringify(setting.parse(value)) !== JSON.stringify(absent.data);
    });

    expect(different).toEqual([]);
  });
});

function environmentOf(name: string): Readonly<Record<string, string>> {
  return stack.find((each) => each.name === name)?.environment ?? {};
}

/** The function's settings: its one exported zod object. */
async function settingsOf(name: string): Promise<Record<string, z.ZodType>> {
  const exported: Record<string, unknown> = await import(join(ROOT, "functions", name, "settings.ts"));
  const [schema] = Object.values(exported).filter((value) => value instanceof z.ZodObject);
  return schema?.shape ?? {};
}

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of the repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Files of the repository (tracked, or new and not ignored), relative to its root. */
export function repositoryFiles(): string[] {
  const list = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  const deleted = new Set(
    execFileSync("git", ["ls-files", "--deleted"], { cwd: ROOT, encoding: "utf8" }).split("\n"),
  );
  return list.split("\n").filter((path) => path !== "" && !deleted.has(path));
}

export function textOf(path: string): string {
  return readFileSync(`${ROOT}${path}`, "utf8");
}

/** Names of everything that a source file imports. */
export function importsOf(path: string): string[] {
  return [...textOf(path).matchAll(/^(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/gm)].map(
    ([, statically, dynamically]) => statically ?? dynamically ?? "",
  );
}

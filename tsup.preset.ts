import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Options } from "tsup";

/**
 * How every bundle of the repository is made: one file without dependencies, so that the folder that is
 * deployed needs no `npm install`. Functions become CommonJS, because the node20 template `require`s them
 * and calls what it gets (`module.exports` must be the function itself).
 */
export function functionBundle(): Options {
  return {
    ...shared,
    entry: { handler: "handler.ts" },
    format: ["cjs"],
    outExtension: () => ({ js: ".js" }),
    footer: { js: "module.exports = module.exports.default;" },
    esbuildPlugins: [packageFile],
  };
}

/**
 * The template copies a `package.json` beside the bundle, installs what it names (nothing) and runs its
 * test: so a bundle that Node cannot read ends the build of the image, not the deployment.
 */
const packageFile: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "package-file",
  setup(build) {
    build.onEnd(() => {
      const folder = build.initialOptions.outdir ?? "dist";
      const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
      const scripts = { test: "node --check handler.js" };
      const content = { name: basename(name), version, private: true, main: "handler.js", scripts };
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "package.json"), `${JSON.stringify(content, null, 2)}\n`);
    });
  },
};

/** A program that is started with `node dist/<name>.js`: services, the local profile, the command line. */
export function programBundle(entry: Record<string, string>): Options {
  return { ...shared, entry, format: ["cjs"], outExtension: () => ({ js: ".cjs" }) };
}

const shared: Options = {
  target: "node20",
  platform: "node",
  outDir: "dist",
  noExternal: [/.*/],
  clean: true,
  splitting: false,
  sourcemap: false,
  dts: false,
  silent: true,
};

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
  };
}

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

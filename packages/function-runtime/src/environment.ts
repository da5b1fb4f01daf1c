/** The one place of the repository that reads the process environment; everything else gets values. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

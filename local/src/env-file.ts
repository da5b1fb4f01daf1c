/** Variables of an env file, and what in it could not be understood. */
export interface EnvFile {
  readonly variables: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
}

const ASSIGNMENT = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;

/**
 * Reads `NAME=value` lines. A value may stand in single or double quotes; without quotes it ends before ` #`.
 * Nothing is expanded: `$` is a dollar. A later line wins. Lines that are none of this are faults, not ignored.
 */
export function parseEnvFile(text: string): EnvFile {
  const variables: Record<string, string> = {};
  const faults: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, name, rest] = ASSIGNMENT.exec(line) ?? [];
    const value = rest === undefined ? null : unquote(rest);
    if (name === undefined || value === null)
      faults.push(`line ${index + 1} of the env file is not NAME=value`);
    else variables[name] = value;
  }
  return { variables, faults };
}

/** Null for a quote that is not closed, or text behind it. */
function unquote(text: string): string | null {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text.replace(/\s+#.*$/, "").replace(/^#.*$/, "");
  const end = text.indexOf(quote, 1);
  if (end < 0 || !/^\s*(#.*)?$/.test(text.slice(end + 1))) return null;
  return text.slice(1, end);
}

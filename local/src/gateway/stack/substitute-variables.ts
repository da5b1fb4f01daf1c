type Variables = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::[-=]([^}]*))?\}/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in the text of a stack file before it is read as YAML, the way
 * faas-cli does: the default also stands in for a variable that is set but empty, and no default means "".
 * Other forms stay as they are and are named in `unknown`.
 */
export function substituteVariables(text: string, variables: Variables): { text: string; unknown: string[] } {
  const replaced = text.replace(VARIABLE, (_, name: string, fallback = "") => variables[name] || fallback);
  const unknown = withoutComments(text.replace(VARIABLE, "")).match(/\$\{[^}\n]*\}?/g) ?? [];
  return { text: replaced, unknown };
}

function withoutComments(text: string): string {
  return text.replace(/^\s*#.*$/gm, "");
}

import type { FunctionEvent } from "./open-faas.ts";

/**
 * What an application that answers reads may ask of a `Request`. A whole one, with a signal and headers checked again,
 * takes longer to make than most of what it is asked.
 */
export interface HttpRequest extends Pick<Request, "method" | "url"> {
  readonly headers: Pick<Headers, "get">;
}

/**
 * HEAD is asked as GET: the template leaves out the body, and tells the length and the tag of the one that there would be
 * (RFC 9110, 8.6: no other length may be told).
 */
export function httpRequest({ method, path, query, headers }: FunctionEvent): HttpRequest {
  const target = `${path.startsWith("/") ? "" : "/"}${path}${queryText(query)}`;
  return {
    method: method === "HEAD" ? "GET" : method,
    url: new URL(`http://function${target}`).href,
    headers: { get: (name) => headerText(headers[name.toLowerCase()]) },
  };
}

function headerText(value: string | string[] | undefined): string | null {
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}

/**
 * The template hands on only what its parser made of the query, so it is spelled out again for validation to
 * refuse. One plain value comes as a string: a list of one, or an empty value, was written with brackets. A
 * longer list may be either, and is spelled as repeats of the name.
 */
function queryText(query: FunctionEvent["query"]): string {
  const search = new URLSearchParams();
  const add = (name: string, value: unknown): void => {
    if (Array.isArray(value) && value.length > 1) for (const each of value) add(name, each);
    else if (Array.isArray(value) && value.length === 1) add(`${name}[]`, value[0]);
    else if (value !== null && typeof value === "object") {
      const entries = Object.entries(value);
      if (entries.length === 0) search.append(`${name}[]`, "");
      for (const [key, each] of entries) add(`${name}[${key}]`, each);
    } else search.append(name, String(value ?? ""));
  };
  for (const [name, value] of Object.entries(query)) add(name, value);
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

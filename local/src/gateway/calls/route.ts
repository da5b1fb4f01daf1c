/** What a request asks of the gateway. */
export type Route =
  /** `path` is what the function gets to see, with its query. */
  | { readonly kind: "call"; readonly name: string; readonly path: string; readonly edge: boolean }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "async" }
  | { readonly kind: "system"; readonly path: string }
  | { readonly kind: "health" }
  | { readonly kind: "unknown" };

/** OpenFaaS's own name for the one namespace there is. */
export const NAMESPACE = "openfaas-fn";
/** The function behind the addresses that a reverse proxy serves at the root. */
const EDGE_FUNCTION = "query-api";
const EDGE_PATHS = new Set(["/health", "/docs", "/openapi.json", "/llms.txt", "/v1"]);

/** Reads a request's target. Paths stay percent-encoded; one with `//`, `.` or `..` is sent to its clean form. */
export function routeOf(target: string): Route {
  const queryAt = target.indexOf("?");
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const query = queryAt < 0 ? "" : target.slice(queryAt);
  if (path.includes("//") || /\/\.{1,2}(\/|$)/.test(path)) {
    return { kind: "redirect", location: cleanPath(path) + query };
  }
  if (path.startsWith("/function/")) return callOf(path.slice("/function/".length), query);
  if (EDGE_PATHS.has(path) || path.startsWith("/v1/")) {
    return { kind: "call", name: EDGE_FUNCTION, path: target, edge: true };
  }
  if (path.startsWith("/async-function/")) return { kind: "async" };
  if (path.startsWith("/system/")) return { kind: "system", path };
  return { kind: path === "/healthz" ? "health" : "unknown" };
}

function callOf(rest: string, query: string): Route {
  const slashAt = rest.indexOf("/");
  const name = slashAt < 0 ? rest : rest.slice(0, slashAt);
  return {
    kind: "call",
    name: name.endsWith(`.${NAMESPACE}`) ? name.slice(0, -NAMESPACE.length - 1) : name,
    path: (slashAt < 0 ? "/" : rest.slice(slashAt)) + query,
    edge: false,
  };
}

function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") kept.pop();
    else if (part !== "" && part !== ".") kept.push(part);
  }
  return `/${kept.join("/")}${kept.length > 0 && path.endsWith("/") ? "/" : ""}`;
}

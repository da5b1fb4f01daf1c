import { readEnvironment, readSettings } from "@polytape/function-runtime";
import { openQueryApi } from "@polytape/query-api";
import { queryApiSettings } from "@polytape/query-api/settings";
import { SILENT } from "../in-process-tick.ts";
import type { Ask } from "./keep-asking.ts";

/** The whole query API in this process, on the servers that the environment names: no HTTP before it. */
export function askInProcess(): Ask {
  const api = openQueryApi(readSettings(queryApiSettings, readEnvironment()), SILENT);
  return async ({ url, method, headers }) => {
    const response = await api.respond(new Request(url, { method, headers }));
    await response.text();
    return response.status;
  };
}

import { defineHttp } from "@polytape/function-runtime";
import { routes } from "./app.ts";
import { contractPages } from "./contract/contract-pages.ts";
import { patternOf } from "./http/pattern-of.ts";
import { openQueryApi } from "./open-query-api.ts";
import { queryApiSettings } from "./settings.ts";

export default defineHttp({
  name: "query-api",
  settings: queryApiSettings,
  routeOf: patternOf([...routes, ...contractPages].map(({ path }) => path)),
  open: (settings, log) => {
    const api = openQueryApi(settings, log);
    // The platform lets calls end after this signal, so the service goes on until it is taken away.
    process.once("SIGTERM", () => void api.flushUsage());
    return api.respond;
  },
});

import { defineHttp } from "@polytape/function-runtime";
import { openQueryApi } from "./open-query-api.ts";
import { queryApiSettings } from "./settings.ts";

export default defineHttp({
  name: "query-api",
  settings: queryApiSettings,
  open: (settings, log) => openQueryApi(settings, log).respond,
});

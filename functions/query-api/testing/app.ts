/** The service without its servers, for tests and benchmarks that bring their own store. */
export { apiParts } from "../api-parts.ts";
export { createApp, routes } from "../app.ts";
export * from "./denials.ts";

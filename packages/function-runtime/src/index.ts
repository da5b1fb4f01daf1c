/**
 * The only place that knows OpenFaaS: settings and secrets in, status and report out, log lines.
 * The stock template answers 200 to a thrown error, so everything here sets the status itself.
 */
export * from "./connections.ts";
export * from "./define-http.ts";
export * from "./define-job.ts";
export * from "./environment.ts";
export * from "./http-request.ts";
export * from "./log.ts";
export * from "./open-faas.ts";
export * from "./secrets.ts";
export * from "./settings.ts";
export * from "./status.ts";
export * from "./text-response.ts";
export * from "./with-report.ts";

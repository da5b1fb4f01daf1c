/**
 * What Polymarket says on the wire, as zod schemas: shapes only, no meaning. They name what we read and let
 * everything else pass, because keys come and go upstream. The simulator checks its answers with them.
 */
export * from "./clob.ts";
export * from "./data-api.ts";
export * from "./gamma.ts";

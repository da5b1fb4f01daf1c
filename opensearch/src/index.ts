export * from "./apply-store-schema.ts";
export { MIGRATIONS } from "./migrations.ts";
export { INDICES, TEMPLATES } from "./templates.ts";

export * from "./apply-store-schema.ts";
export { MIGRATIONS } from "./migrations.ts";
export { POLICIES, placePolicy } from "./policies.ts";
export { INDICES, type IndexTemplate, placeTemplate, TEMPLATES } from "./templates.ts";

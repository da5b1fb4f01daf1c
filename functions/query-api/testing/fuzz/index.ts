export { fuzz, fuzzStranger } from "./fuzz.ts";
export { storeWorld, type World } from "./store-world.ts";

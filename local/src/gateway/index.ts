/**
 * OpenFaaS on one machine without containers: the functions of `stack.yml`, each in its own process behind
 * the semantics of the node20 template, behind the addresses of the gateway.
 */
export { type FunctionSpec, readStack } from "./stack/read-stack.ts";
export { type Gateway, type GatewayOptions, startGateway } from "./start-gateway.ts";

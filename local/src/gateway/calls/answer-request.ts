import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RunningFunction } from "../functions/run-function.ts";
import { answerSystem, type Credentials } from "./answer-system.ts";
import type { CallMarks } from "./call-headers.ts";
import { forwardCall, refuseCall } from "./forward-call.ts";
import { type Refusal, refuse } from "./refuse.ts";
import { type Route, routeOf } from "./route.ts";

/** Everything the gateway answers: the functions, what is deployed, and one line per other address. */
export function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  functions: ReadonlyMap<string, RunningFunction>,
  credentials: Credentials,
): void {
  const marks = marksOf(request);
  const route = routeOf(request.url ?? "/");
  if (route.kind === "system") answerSystem({ request, response, path: route.path }, functions, credentials);
  else if (route.kind === "call") {
    const call = { request, response, marks, path: route.path, edge: route.edge };
    const target = functions.get(route.name);
    if (target === undefined) refuseCall(call, notDeployed(route.name));
    else forwardCall(call, target);
  } else refuse(response, answerOf(route), marks);
}

type PlainRoute = Exclude<Route, { kind: "system" | "call" }>;

function answerOf(route: PlainRoute): Refusal {
  switch (route.kind) {
    case "redirect":
      return { status: 301, text: "", headers: ["Location", route.location] };
    case "async":
      return { status: 501, text: "There is no queue: call /function/ instead.\n" };
    case "health":
      return { status: 200, text: "OK" };
    case "unknown":
      return { status: 404, text: "404 page not found: what the API answers is told at /docs\n" };
  }
}

function notDeployed(name: string): Refusal {
  return { status: 404, text: `The function ${name} is not deployed.\n` };
}

function marksOf({ headers }: IncomingMessage): CallMarks {
  const given = headers["x-call-id"];
  return {
    callId: typeof given === "string" ? given : randomUUID(),
    startTime: `${Date.now()}000000`,
  };
}

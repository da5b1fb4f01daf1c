import express, { type Express, type Request, type Response } from "express";
import { answerOf, createContext, type Settle, type TemplateContext } from "./template-context.ts";

/** What the template hands to a function; the path stays percent-encoded. */
export interface TemplateEvent {
  readonly body: unknown;
  readonly headers: Request["headers"];
  readonly method: string;
  readonly query: Request["query"];
  readonly path: string;
}

export type TemplateHandler = (event: TemplateEvent, context: TemplateContext, settle: Settle) => unknown;

/** `RAW_BODY`, `MAX_RAW_SIZE` and `MAX_JSON_SIZE`; sizes as the body parsers read them (`2mb`). */
export interface BodyRules {
  readonly raw?: boolean | undefined;
  readonly rawSizeMax?: string | undefined;
  readonly jsonSizeMax?: string | undefined;
}

const SIZE_MAX = "100kb";
const METHODS = ["get", "post", "put", "patch", "delete", "options"] as const;

/**
 * An express application that treats a function as the stock node20 template does, its traps included:
 * a handler that rejects is answered with 200 and the error's text, and one that throws before it returns
 * a promise ends the process.
 */
export function templateApp(handler: TemplateHandler, bodies: BodyRules): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use((request, _response, next) => {
    request.headers["content-type"] ||= "text/plain";
    next();
  });
  app.use(...bodyParsers(bodies));
  for (const method of METHODS)
    app[method]("/*", (request, response) => callHandler(handler, request, response));
  return app;
}

function bodyParsers(bodies: BodyRules) {
  if (bodies.raw) return [express.raw({ type: "*/*", limit: bodies.rawSizeMax ?? SIZE_MAX })];
  return [
    express.text({ type: "text/*" }),
    express.json({ limit: bodies.jsonSizeMax ?? SIZE_MAX }),
    express.urlencoded({ extended: true }),
  ];
}

async function callHandler(handler: TemplateHandler, request: Request, response: Response): Promise<void> {
  const { body, headers, method, query, path } = request;
  const settle: Settle = (error, value) => answerOf(response, context, error, value);
  const context = createContext(settle);

  // Called outside the chain: what it throws at once is nobody's to catch, as in the template.
  Promise.resolve(handler({ body, headers, method, query, path }, context, settle))
    .then((value) => {
      if (!context.cbCalled) context.succeed(value);
    })
    .catch((error: unknown) => settle(error));
}

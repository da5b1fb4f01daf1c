import type { Response } from "express";

/** Ends a call: with an error if there is one, else with a value. */
export type Settle = (error?: unknown, value?: unknown) => void;

/** The second argument of a function; the names of its parts are the template's. */
export interface TemplateContext {
  /** Sets the status, or tells it when called without one. */
  status(code?: number): TemplateContext | number;
  headers(values?: Record<string, string>): TemplateContext | Record<string, string>;
  succeed(value?: unknown): void;
  /** Answers 500, or the status set before. */
  fail(value?: unknown): void;
  statusCode: number;
  headerValues: Record<string, string>;
  cbCalled: number;
}

export function createContext(settle: Settle): TemplateContext {
  const context: TemplateContext = {
    statusCode: 200,
    headerValues: {},
    cbCalled: 0,
    status(code) {
      if (!code) return context.statusCode;
      context.statusCode = code;
      return context;
    },
    headers(values) {
      if (!values) return context.headerValues;
      context.headerValues = values;
      return context;
    },
    succeed(value) {
      context.cbCalled += 1;
      settle(undefined, value);
    },
    fail(value) {
      if (context.statusCode === 200) context.statusCode = 500;
      context.cbCalled += 1;
      settle(value);
    },
  };
  return context;
}

/** An error drops the headers that were set and is sent as its text; objects and arrays become JSON text. */
export function answerOf(response: Response, context: TemplateContext, error: unknown, value: unknown): void {
  response.status(context.statusCode);
  if (error) {
    console.error(error);
    response.send(String(error));
    return;
  }
  response.set(context.headerValues);
  response.send(isSentAsJsonText(value) ? JSON.stringify(value) : value);
}

/** A Buffer counts as an object too: a function sends no bytes. What is left is up to express. */
function isSentAsJsonText(value: unknown): boolean {
  return (
    Array.isArray(value) || Buffer.isBuffer(value) || (value as object | undefined)?.constructor === Object
  );
}

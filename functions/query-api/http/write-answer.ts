import type { z } from "zod";
import { ANSWER_FORMATS } from "./answer-format.ts";
import { besideRows } from "./answer-headers.ts";
import { entityTag } from "./entity-tag.ts";
import { columnsOf, type Rows, writeRows } from "./write-rows.ts";

export interface AnswerList {
  readonly field: string;
  readonly row: z.ZodObject;
}

export interface WrittenAnswer {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The same for two answers that say the same, in the same format. */
  readonly tag: () => string;
}

/**
 * Writes an answer once, and apart from the rest the fields that say of a moment only when the question was asked:
 * `as_of`, and the cursor that holds it. Answers that differ in nothing else say the same, since an older cursor leads on
 * to the same rows; but whether there is a cursor says whether there are more rows.
 */
export function writeAnswer(list: AnswerList | undefined, answer: object, format: unknown): WrittenAnswer {
  const { next_cursor, as_of, ...lasting }: Readonly<Record<string, unknown>> = { ...answer };
  const hasNext = String(typeof next_cursor === "string");
  const moment = { next_cursor, as_of };

  if (!list || (format !== "csv" && format !== "ndjson")) {
    const type = ANSWER_FORMATS.json;
    const text = JSON.stringify(lasting);
    return {
      text: joinObjects(text, JSON.stringify(moment)),
      headers: { "content-type": type },
      tag: () => entityTag(type, hasNext, text),
    };
  }
  const { [list.field]: rows, ...beside } = lasting;
  const type = `${ANSWER_FORMATS[format]}${format === "csv" ? "; charset=utf-8; header=present" : ""}`;
  // Answers are objects by their schemas, and the list's field holds objects.
  const text = writeRows(format, rows as Rows, columnsOf(list.row));
  return {
    text,
    headers: { "content-type": type, ...besideRows({ ...beside, ...moment }) },
    tag: () => entityTag(type, hasNext, JSON.stringify(beside), text),
  };
}

/** Two objects as JSON, neither of them written again; the second may be empty. */
function joinObjects(one: string, other: string): string {
  return other === "{}" ? one : `${one.slice(0, -1)},${other.slice(1)}`;
}

import { expect, test } from "vitest";
import { substituteVariables } from "./substitute-variables.ts";

/** Spells out a variable of a stack file. */
const variable = (form: string) => `$\{${form}}`;

test.each([
  ["a variable that is set", "NAME:-default", { NAME: "value" }, "value"],
  ["a variable that is set, without a default", "NAME", { NAME: "value" }, "value"],
  ["the default of one that is absent", "NAME:-http://127.0.0.1:9200", {}, "http://127.0.0.1:9200"],
  ["the default of one that is empty", "NAME:-default", { NAME: "" }, "default"],
  ["nothing for an empty default", "NAME:-", {}, ""],
  ["nothing without a default", "NAME", {}, ""],
])("puts in %s", (_, form, variables, expected) => {
  expect(substituteVariables(`a ${variable(form)} b`, variables)).toEqual({
    text: `a ${expected} b`,
    unknown: [],
  });
});

test("names forms that it does not know", () => {
  expect(substituteVariables(`a: ${variable("NAME:?wanted")}`, {}).unknown).toEqual([
    variable("NAME:?wanted"),
  ]);
});

test("leaves a value as it is, whatever it looks like", () => {
  const value = `$& ${variable("OTHER")}`;

  expect(substituteVariables(variable("NAME"), { NAME: value, OTHER: "x" }).text).toBe(value);
});

test("does not mind what comments say", () => {
  expect(substituteVariables(`# ${variable("NAME:?in words")}`, {}).unknown).toEqual([]);
});

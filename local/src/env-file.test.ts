import { expect, it } from "vitest";
import { parseEnvFile } from "./env-file.ts";

it("reads names and values, with and without quotes", () => {
  const { variables, faults } = parseEnvFile(`A=1\nexport B = two words \nC="x # y"\nD='$HOME'\nE=\n`);

  expect(variables).toEqual({ A: "1", B: "two words", C: "x # y", D: "$HOME", E: "" });
  expect(faults).toEqual([]);
});

it("leaves out comments, also behind a value", () => {
  const { variables } = parseEnvFile("# A=1\nB=2 # why\nC=a#b\nD=# nothing\nE='1' # why\r\n");

  expect(variables).toEqual({ B: "2", C: "a#b", D: "", E: "1" });
});

it("names each line that is no assignment instead of ignoring it", () => {
  const { faults } = parseEnvFile('A=1\nAPI_BIND_PORT 8080\nB="open\n1C=2\n');

  expect(faults.map((fault) => fault.slice(0, 6))).toEqual(["line 2", "line 3", "line 4"]);
});

it("lets the later of two lines win", () => {
  expect(parseEnvFile("A=1\nA=2").variables).toEqual({ A: "2" });
});

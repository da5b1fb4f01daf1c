import { describe, expect, test } from "vitest";
import { repositoryFiles, textOf } from "./repository.ts";

test("whatever asks the service in a suite on real servers has its answers checked against the OpenAPI document", () => {
  const doors = repositoryFiles()
    .filter((path) => /^tests\/(integration\/query-api|end-to-end\/).*\.ts$/.test(path))
    .filter((path) =>
      /\b(createApp|openQueryApi)\(|gateway(Url|\.url)?\}\$\{path\}|gateway\.url \+ path/.test(textOf(path)),
    );

  expect(doors.length).toBeGreaterThan(4);
  expect(
    doors.filter((path) => !textOf(path).includes("byContract")),
    "end with byContract",
  ).toEqual([]);
});

describe("the codes of the edge", () => {
  const [, table = ""] =
    /^\| status \| code \| meaning \|\n((?:\|.*\n)+)$/m.exec(
      textOf("docs/api.md").split("## Errors")[1]?.split("bare 431")[1] ?? "",
    ) ?? [];
  const documented = new Map(
    [...table.matchAll(/^\| ([^|]+) \| `(\w+)` \|/gm)].map(([, status, code]) => [code, status]),
  );

  test("are those that the API's documents name, with their statuses", () => {
    const said = [...textOf("deploy/Caddyfile").matchAll(/"code":"(\w+)".*` (\S+)$/gm)];
    const statusOf = (text = "") => (text === "{http.error.status_code}" ? "4xx" : text);

    expect(said.map(([, code]) => code).sort()).toEqual([...documented.keys()].sort());
    for (const [, code, status] of said)
      expect(documented.get(code)?.split(", "), code).toContain(statusOf(status));
  });

  test("are those of the local gateway too", () => {
    const said = [...textOf("local/src/gateway/calls/refuse.ts").matchAll(/= \["(\w+)"|(\d{3}): \["(\w+)"/g)];

    const codes = new Set(said.map(([, alone, , code]) => alone ?? code));
    expect([...codes].sort()).toEqual([...documented.keys()].sort());
    for (const [, , status, code] of said)
      if (status !== undefined) expect(documented.get(code)?.split(", "), code).toContain(status);
  });
});

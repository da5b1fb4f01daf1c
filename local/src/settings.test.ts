import { expect, it } from "vitest";
import { readStackSettings } from "./settings.ts";

it("needs no setting at all", () => {
  const { settings } = readStackSettings("", {});

  expect(settings).toMatchObject({ API_BIND_HOST: "127.0.0.1", API_BIND_PORT: 8080, SIMULATOR: false });
});

it("lets a variable of the environment win over the env file, and an empty one count as absent", () => {
  const { settings, variables } = readStackSettings("API_BIND_PORT=8081\nNATS_PORT=4300", {
    API_BIND_PORT: "8082",
    NATS_PORT: "",
  });

  expect(settings).toMatchObject({ API_BIND_PORT: 8082, NATS_PORT: 4300 });
  expect(variables).toEqual({ API_BIND_PORT: "8082", NATS_PORT: "4300" });
});

// An operator who repairs one fault per start needs as many starts as he made faults.
it("reports all faults of file and environment in one message", () => {
  const read = () =>
    readStackSettings("just words\nCOLLECT_BOOKS=maybe", { API_BIND_PORT: "http", OPENSEARCH_HEAP: "lots" });

  expect(read).toThrow(
    /^4 settings are wrong or missing: line 1 of the env file.*API_BIND_PORT.*OPENSEARCH_HEAP.*COLLECT_BOOKS/s,
  );
});

it("does not repeat a password in the message of a fault", () => {
  const read = () => readStackSettings("OPENSEARCH_PASSWORD=hunter2", { NATS_URL: "localhost" });

  expect(read).toThrow(/^(?!.*hunter2)/);
});

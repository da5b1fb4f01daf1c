import { expect, test } from "vitest";
import { withoutCredentials } from "./without-credentials.ts";

test.each([
  ["nats://ada:secret@bus:4222", "nats://bus:4222"],
  ["nats://a:secret@one:4222,tls://secret@two:4222", "nats://one:4222,tls://two:4222"],
  ["at https://ada:p@ssword@store:9200/_search.", "at https://store:9200/_search."],
  ["https://store:9200/a@b", "https://store:9200/a@b"],
  ["write to ada@example.org", "write to ada@example.org"],
])("%s is told as %s", (given, told) => {
  expect(withoutCredentials(given)).toBe(told);
});

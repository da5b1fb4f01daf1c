import { expect, test } from "vitest";
import { judgeAnswer } from "./answer-verdict.ts";

const answer = (status: number | null, reached = true) => ({ status, reached });

test.each([200, 201, 204, 299])("%i is success", (status) => {
  expect(judgeAnswer(answer(status))).toBe("succeeded");
});

// A store without room, a bus that is away, a function that is being deployed or has too much to do.
test.each([503, 404, 429])("%i says that something stands in the way of any message", (status) => {
  expect(judgeAnswer(answer(status))).toBe("hindered");
});

test("a gateway that was not reached says nothing about the message", () => {
  expect(judgeAnswer(answer(null, false))).toBe("hindered");
});

// A message that crashes its function, or keeps it until its time is over, is answered so each time.
test.each([500, 502, 504, 599, 408, null])("%s may be the message's own fault", (status) => {
  expect(judgeAnswer(answer(status))).toBe("failed");
});

test.each([400, 401, 403, 413, 415, 422, 301, 304])("%i refuses the message for good", (status) => {
  expect(judgeAnswer(answer(status))).toBe("refused");
});

import { expect, test } from "vitest";
import { connectToNats } from "./connection.ts";

test("a server that is away is named without the login in its address", async () => {
  const url = "nats://ada:secret@127.0.0.1:1,nats://ada:secret@127.0.0.1:2";

  const error = await connectToNats({ url, clientName: "test", connectWithinMs: 1 }).catch(
    (caught: unknown) => caught,
  );

  expect(error).toMatchObject({
    code: "bus_unavailable",
    message: "NATS cannot be reached at nats://127.0.0.1:1,nats://127.0.0.1:2.",
    facts: { url: "nats://127.0.0.1:1,nats://127.0.0.1:2" },
  });
});

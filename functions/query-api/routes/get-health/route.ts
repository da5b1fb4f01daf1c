import { z } from "zod";
import { type ApiParts, defineRoute } from "../../http/route.ts";

const answer = z.object({
  status: z.enum(["ok", "unavailable"]),
  opensearch: z.object({
    status: z.enum(["green", "yellow", "red", "unavailable"]),
    took_ms: z.number().nonnegative().nullable(),
  }),
  nats: z.object({
    status: z.enum(["connected", "unavailable"]),
    keys_read: z
      .boolean()
      .meta({ description: "Whether keys have been read, so that requests can be let in." }),
  }),
});

/** Whether questions can be answered now. */
export const getHealth = defineRoute({
  name: "get-health",
  path: "/health",
  summary: "Whether the service can answer",
  description:
    "200 when the store answers, the bus is connected and keys are read; else 503 with the same body, which says what is away. While only the bus is away, keys that are known keep working.",
  access: "public",
  parts: z.strictObject({}),
  query: z.strictObject({}),
  answer,
  refusals: [],
  freshSeconds: 0,
  async handle(api) {
    const opensearch = await storeHealth(api);
    const nats = {
      status: api.bus.isConnected() ? ("connected" as const) : ("unavailable" as const),
      keys_read: api.gate.keys.isReady() && api.gate.usage.isReady(),
    };
    const storeAnswers = opensearch.status === "green" || opensearch.status === "yellow";
    const ok = storeAnswers && nats.status === "connected" && nats.keys_read;
    return { status: ok ? ("ok" as const) : ("unavailable" as const), opensearch, nats };
  },
  statusOf: ({ status }) => (status === "ok" ? 200 : 503),
});

async function storeHealth({ health }: ApiParts): Promise<z.output<typeof answer>["opensearch"]> {
  const state = await health();
  return state ? { status: state.status, took_ms: state.tookMs } : { status: "unavailable", took_ms: null };
}

import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";

/** Longer than any function may run. */
const TIMEOUT_MS = 120_000;
const refusal = z.object({ error: z.object({ message: z.string() }) });

/**
 * Calls a function through the gateway, as `faas-cli invoke` does, and returns what it answers. Throws
 * `gateway_unavailable` (operating) without an answer, `function_refused` (input for 4xx, else operating).
 */
export async function callFunction(gatewayUrl: string, name: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${gatewayUrl}/function/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new PolytapeError("operating", "gateway_unavailable", "The gateway cannot be reached.", { cause });
  });
  const said: unknown = await answer.json().catch(() => null);
  if (answer.ok) return said;
  const outcome = refusal.safeParse(said);
  const reason = outcome.success ? outcome.data.error.message : `${name} answered ${answer.status}.`;
  throw new PolytapeError(answer.status < 500 ? "input" : "operating", "function_refused", reason);
}

import { PolytapeError } from "@polytape/market-model";
import type { z } from "zod";
import type { ApiClient, Query } from "./api-client.ts";

/** An answer read by its schema. Throws `api_answer_invalid` when it is another one. */
export async function readAnswer<Schema extends z.ZodType>(
  api: ApiClient,
  path: string,
  query: Query,
  schema: Schema,
): Promise<z.output<Schema>> {
  const read = schema.safeParse(await api.get(path, query));
  if (read.success) return read.data;
  throw new PolytapeError(
    "operating",
    "api_answer_invalid",
    "The API's answer has another shape: is it newer or older?",
    {
      cause: read.error,
    },
  );
}

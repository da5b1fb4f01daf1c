import { wholeNumber } from "@polytape/function-runtime";
import { z } from "zod";

/** Settings of the gateway's program; stack files may use every other variable of the environment. */
export const gatewaySettings = z.object({
  /** Where the gateway listens. */
  API_BIND_HOST: z.string().default("127.0.0.1"),
  API_BIND_PORT: wholeNumber({ min: 0, max: 65_535 }).default(8080),
  /** Stack files, separated by commas. */
  STACK_FILES: z
    .string()
    .default("stack.yml")
    .transform((list) => list.split(",").map((file) => file.trim()))
    .pipe(z.array(z.string().min(1)).min(1).max(20)),
  /** Holds `run/`, `logs/` and, unless SECRETS_FOLDER says otherwise, `secrets/`. */
  POLYTAPE_HOME: z.string().default(".polytape"),
  /** One file per secret. */
  SECRETS_FOLDER: z.string().optional(),
});

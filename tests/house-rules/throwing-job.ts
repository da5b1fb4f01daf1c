import { defineJob } from "@polytape/function-runtime";
import { z } from "zod";

/** A function whose job always throws, to see what the runtime makes of it. */
export default defineJob({
  name: "throwing-job",
  settings: z.object({}),
  input: z.object({}),
  connect: async () => ({}),
  run: async () => {
    throw new Error("the job is broken");
  },
});

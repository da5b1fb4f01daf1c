import { z } from "zod";
import { LIMIT_MAX, moment } from "./parameters.ts";

/** What every paged list says of its place. */
export const pageFields = {
  page: z.int().positive().nullable().meta({ description: "null when the page was reached by a cursor." }),
  limit: z.int().positive().max(LIMIT_MAX),
  next_cursor: z
    .string()
    .nullable()
    .meta({ description: "Where the next page starts; null: this was the last." }),
  as_of: moment.meta({
    description:
      "Only what had arrived by then is in this list, on all its pages, so that cursors stay stable.",
  }),
};

import { expect, test } from "vitest";
import { isUnreadable, refusalCode } from "./refusal-code.ts";

// As a server of version 3.8 says them.
test.each([
  [
    429,
    "cluster_block_exception: index [a] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];",
    "store_full",
  ],
  [403, "cluster_block_exception: index [a] blocked by: [FORBIDDEN/8/index write (api)];", "store_read_only"],
  [
    403,
    "cluster_block_exception: index [a] blocked by: [FORBIDDEN/5/index read-only (api)];",
    "store_read_only",
  ],
  [429, "rejected_execution_exception: rejected execution of coordinating operation", "store_busy"],
  [429, "the whole request was refused for the moment", "store_busy"],
  [401, "Unauthorized", "store_login_refused"],
  [403, "security_exception: no permissions for [indices:data/write/bulk]", "store_refused"],
  [400, "mapper_parsing_exception: no field x", "store_refused"],
] as const)("%i %s is %s", (status, reason, code) => {
  expect(refusalCode(status, reason)).toBe(code);
});

test.each([
  ["mapper_parsing_exception: failed to parse field [tie] of type [long]", true],
  ["strict_dynamic_mapping_exception: mapping set to strict", true],
  ["parsing_exception: unknown query [x]", true],
  ["security_exception: no permissions for [indices:data/write/bulk]", false],
  ["index_closed_exception: closed", false],
  ["index_not_found_exception: no such index [a]", false],
  ["validation_exception: this action would add [2] total shards", false],
  ["illegal_argument_exception: no write index is defined for alias [a]", false],
])("%s is what nobody but us can mend: %s", (reason, expected) => {
  expect(isUnreadable(reason)).toBe(expected);
});

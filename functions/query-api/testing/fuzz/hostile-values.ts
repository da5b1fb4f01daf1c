import fc from "fast-check";

/** Texts that have broken some service at some time; each may be a name, a value or a piece of a path. */
const HOSTILE_TEXTS = [
  ...["", " ", "null", "undefined", "NaN", "Infinity", "-Infinity", "true", "[]", "{}", "[object Object]"],
  ...["0", "-0", "-1", "1", "1.5", "1e3", "1e309", "0x10", "007", "+5", "1_000", "９９", "٣", "1n", "²"],
  ...["2147483648", "4294967296", "9007199254740993", "99999999999999999999", "1".repeat(400)],
  ...["'; DROP TABLE trades; --", '" OR 1=1 --', '{"$gt":""}', '{"match_all":{}}', "*:*", "a:b AND (c OR *)"],
  ...["_search?q=*", "../_all/_search", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "file:///etc/passwd"],
  ...[
    "<script>alert(1)</script>",
    "\u0024{7*7}",
    "{{7*7}}",
    "$(id)",
    "`id`",
    "%s%s%n",
    "\\",
    '"',
    "'",
    "&&",
    ";",
  ],
  ...[
    "\u0000",
    "a\u0000b",
    "\r\nX-Evil: 1",
    "\u202e",
    "\ufeff",
    "\ufffd",
    "ﷺ",
    "👩‍👩‍👧‍👦",
    "a\u0301".repeat(200),
  ],
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__proto__[x]", "a[b]", "a.b"],
  ...["x".repeat(257), "x".repeat(513), "x".repeat(6_000), "(".repeat(300), "*".repeat(300), "?".repeat(150)],
] as const;

/** Times at their extremes, and times that are none. */
const HOSTILE_TIMES = [
  ...["0", "1", "99999999999", "100000000000", "253402300799999", "253402300800000", "999999999999999"],
  ...["8640000000000001", "-1", "1790000000.5", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z"],
  ...[
    "9999-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59-14:00",
    "0000-01-01T00:00:00Z",
    "+010000-01-01T00:00:00Z",
  ],
  ...["2016-12-31T23:59:60Z", "2026-06-30T23:59:60.5Z", "2026-11-22T24:00:00Z", "2026-02-29T00:00:00Z"],
  ...["2026-11-22", "2026-11-22T10:00:00", "2026-11-22t10:00:00z", "2026-11-22T10:00:00.123456789Z"],
  ...["2026-11-22T10:00:00+99:99", "Sun, 22 Nov 2026 10:00:00 GMT", "now", "now-1d/d"],
] as const;

/** Escapes that no encoder writes. */
const RAW_ESCAPES = [
  "%",
  "%%",
  "%zz",
  "%0",
  "%00",
  "%ff",
  "%c0%af",
  "%ed%a0%80",
  "%f5",
  "%u0041",
  "+",
  "%2B",
  "%26",
];

export const hostileText = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.constantFrom(...HOSTILE_TIMES),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.double().map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.json({ maxDepth: 2 }),
);

export const hostileTime = fc.oneof(
  fc.constantFrom(...HOSTILE_TIMES),
  fc.integer({ min: 0, max: 253_402_300_799_999 }).map(String),
  fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString()),
);

/** A text as it stands in an address: mostly encoded as it should be. */
export function inAddress(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 12, arbitrary: text.map((each) => encodeURIComponent(each)) },
    { weight: 1, arbitrary: text.map((each) => each.replaceAll(/[#\s]/g, "")) },
    { weight: 1, arbitrary: fc.constantFrom(...RAW_ESCAPES) },
  );
}

/** What a header may hold at all: a request with anything else cannot be made. */
export const headerText = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS.map((text) => text.replaceAll(/[^\x20-\x7e]/g, "").trim())),
  fc.string({ maxLength: 60 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, "").trim()),
);

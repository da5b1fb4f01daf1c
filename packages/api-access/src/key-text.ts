import { createHash } from "node:crypto";

const PREFIX = "pt_";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 30 characters of 62 are 178 bits. */
const RANDOM_LENGTH = 30;
const CHECKSUM_LENGTH = 6;
const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);
/** Bytes from here on are thrown away, so that every character is equally likely. */
const FAIR_BELOW = 256 - (256 % ALPHABET.length);

export type RandomBytes = (count: number) => Uint8Array;

/** A new key: `pt_`, 178 random bits and a checksum, in base62. It is shown once and never kept. */
export function newKeyText(randomBytes: RandomBytes): string {
  let random = "";
  while (random.length < RANDOM_LENGTH) {
    for (const byte of randomBytes(RANDOM_LENGTH)) {
      if (byte < FAIR_BELOW && random.length < RANDOM_LENGTH) random += ALPHABET[byte % ALPHABET.length];
    }
  }
  return `${PREFIX}${random}${checksumOf(random)}`;
}

/** Whether a text can be a key at all: a typo is refused without looking anything up. */
export function isKeyText(text: string): boolean {
  if (!SHAPE.test(text)) return false;
  const random = text.slice(PREFIX.length, PREFIX.length + RANDOM_LENGTH);
  return text.endsWith(checksumOf(random));
}

/** Whatever looks like a key, in any text; a mistyped one gives nearly as much away as the right one. */
const KEYS_IN_TEXT = new RegExp(`${PREFIX}[0-9A-Za-z]{12,}`, "g");

/** A text that may be told to anybody: keys in it, which people put into the wrong place, are blacked out. */
export function withoutKeys(text: string): string {
  return text.replaceAll(KEYS_IN_TEXT, `${PREFIX}…`);
}

/** What is kept of a key: the SHA-256 of its text, in hex. */
export function hashKeyText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The first 32 bits of a SHA-256 in base62. No secret: it only tells a typo from a key. */
function checksumOf(random: string): string {
  let rest = createHash("sha256").update(`polytape-key-checksum\n${random}`).digest().readUInt32BE(0);
  let text = "";
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    text = ALPHABET[rest % ALPHABET.length] + text;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return text;
}

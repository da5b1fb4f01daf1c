import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hashKeyText, isKeyText, newKeyText, withoutKeys } from "./key-text.ts";

test("a key is pt_, 178 random bits and a checksum, and no two are equal", () => {
  const keys = Array.from({ length: 200 }, () => newKeyText(randomBytes));

  expect(new Set(keys).size).toBe(200);
  for (const key of keys) {
    expect(key).toMatch(/^pt_[0-9A-Za-z]{36}$/);
    expect(isKeyText(key)).toBe(true);
  }
});

test("every character of the alphabet is equally likely: bytes that would favour some are thrown away", () => {
  let next = 0;
  const key = newKeyText((count) => Uint8Array.from({ length: count }, () => (next++ % 2 === 0 ? 255 : 61)));

  expect(key.slice(3, 33)).toBe("z".repeat(30));
});

test("one wrong character, a missing one or a surplus one is refused without looking anything up", () => {
  const key = newKeyText(randomBytes);

  fc.assert(
    fc.property(fc.integer({ min: 3, max: 38 }), fc.constantFrom(..."0aZ9qX"), (place, letter) => {
      const typo = key.slice(0, place) + letter + key.slice(place + 1);
      return typo === key || !isKeyText(typo);
    }),
  );
  expect(isKeyText(key.slice(0, -1))).toBe(false);
  expect(isKeyText(`${key}0`)).toBe(false);
  expect(isKeyText("")).toBe(false);
});

test("what is kept of a key is the SHA-256 of its text", () => {
  expect(hashKeyText("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("keys in a text are blacked out, mistyped ones too, and nothing else is", () => {
  const key = newKeyText(randomBytes);

  expect(withoutKeys(`/v1/markets/${key}?x=${key.slice(0, -2)}`)).toBe("/v1/markets/pt_…?x=pt_…");
  expect(withoutKeys("key_0123456789ab is a pt_ key's id")).toBe("key_0123456789ab is a pt_ key's id");
});

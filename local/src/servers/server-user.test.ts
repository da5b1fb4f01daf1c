import { expect, it } from "vitest";
import { mayEnter } from "./server-user.ts";

it("lets a user into folders that are open to all, or its own", () => {
  expect(mayEnter({ uid: 0, mode: 0o755 }, 65_534)).toBe(true);
  expect(mayEnter({ uid: 0, mode: 0o711 }, 65_534)).toBe(true);
  expect(mayEnter({ uid: 65_534, mode: 0o700 }, 65_534)).toBe(true);
});

it("keeps a user out of closed folders of others, whatever their group may do", () => {
  expect(mayEnter({ uid: 0, mode: 0o700 }, 65_534)).toBe(false);
  expect(mayEnter({ uid: 1_000, mode: 0o750 }, 65_534)).toBe(false);
});

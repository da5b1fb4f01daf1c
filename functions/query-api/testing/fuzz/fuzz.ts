import fc from "fast-check";
import { expect } from "vitest";
import { z } from "zod";
import { routes } from "../../app.ts";
import { contractPages } from "../../contract/contract-pages.ts";
import { type HostileRequest, hostileRequests } from "./hostile-requests.ts";
import { judgeAnswer } from "./judge-answer.ts";
import type { World } from "./store-world.ts";

type Send = (request: HostileRequest) => Response | Promise<Response>;

interface Extent {
  readonly seed: number;
  readonly requests: number;
}

const page = z.looseObject({ next_cursor: z.string() });

/**
 * Asks a service as many hostile requests as it is told, and judges every answer. A failure prints the seed and the
 * smallest request that fails. Fails as well when requests did not come far enough to mean anything.
 */
export async function fuzz(
  world: World,
  send: Send,
  { seed, requests }: Extent,
): Promise<Record<string, number>> {
  const cursors: { path: string; cursor: string }[] = [];
  for (const path of ["/v1/trades", "/v1/markets"]) {
    const first = await send({ method: "GET", path: `${path}?limit=1`, headers: {} });
    cursors.push({ path, cursor: page.parse(await first.json()).next_cursor });
  }
  const seen: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(hostileRequests(world, cursors), async (request) => {
      const { route, status } = await judgeAnswer(request, await send(request));
      seen[`${route} ${status}`] = (seen[`${route} ${status}`] ?? 0) + 1;
    }),
    { seed, numRuns: requests },
  );
  for (const { path } of routes) expect([path, seen[`${path} 200`] ?? 0]).not.toEqual([path, 0]);
  for (const { path, query } of routes)
    if (Object.keys(query.shape).length > 0) expect([path, seen[`${path} 400`] ?? 0]).not.toEqual([path, 0]);
  return seen;
}

/** The same requests by somebody without a key, who learns nothing however the address is written. */
export async function fuzzStranger(world: World, send: Send, { seed, requests }: Extent): Promise<void> {
  const cursor = { path: "/v1/trades", cursor: "WzBd" };
  const open = new Set(
    [...routes.filter(({ access }) => access === "public"), ...contractPages].map(({ path }) => path),
  );
  await fc.assert(
    fc.asyncProperty(hostileRequests(world, [cursor]), async (request) => {
      const { status } = await send(request);
      const { pathname } = new URL(`http://function${request.path}`);
      const found = status === 200 || status === 304;
      expect([request, found && !open.has(pathname)]).toEqual([request, false]);
      expect([request, status < 500]).toEqual([request, true]);
    }),
    { seed, numRuns: requests },
  );
}

/** How often each endpoint was asked, with which result and under which faults. */
export interface RequestCounts {
  add(method: string | undefined, path: string, result: number | "dropped", faults: readonly string[]): void;
  reset(): void;
  read(): Record<string, EndpointCount>;
}

export interface EndpointCount {
  requests: number;
  results: Record<string, number>;
  faults: Record<string, number>;
}

const ENDPOINTS_MAX = 500;

export function countRequests(): RequestCounts {
  const counts = new Map<string, EndpointCount>();
  return {
    add(method, path, result, faults) {
      const name = `${method} ${endpointOf(path)}`;
      const known = counts.get(name) ?? { requests: 0, results: {}, faults: {} };
      if (!counts.has(name) && counts.size >= ENDPOINTS_MAX) return;
      counts.set(name, known);
      known.requests++;
      known.results[result] = (known.results[result] ?? 0) + 1;
      for (const fault of faults) known.faults[fault] = (known.faults[fault] ?? 0) + 1;
    },
    reset: () => counts.clear(),
    read: () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** The path with ids and slugs replaced. */
function endpointOf(path: string): string {
  return path.replace(/\/slug\/[^/]+/, "/slug/:slug").replace(/\/(0x[0-9a-fA-F]+|[0-9]+)(?=\/|$)/g, "/:id");
}
